// All planes of one capture, built and joined but not yet moving: workers, call plane, record path,
// the way into a store.  `run` gives each part a thread, `ingest` steps them all on one.
//
// Threads: create() and destruction by the main thread; then each part as its header says.
// Memory: everything that the options size.  Errors: whole sentences from whatever failed to start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/fragment_path.h"
#include "apps/plane_link.h"
#include "apps/record_path.h"
#include "base/result.h"
#include "engine/port.h"
#include "engine/reassembly/reassembler.h"
#include "engine/rings.h"
#include "engine/worker.h"
#include "pipelines/calls/call_plane.h"
#include "storage/record_intake.h"

namespace tapdeck::apps {

struct PipelineOptions {
  std::uint16_t worker_count = 1;
  engine::RingOptions rings;     // of each worker; `worker` and `socket` are set here
  engine::WorkerOptions worker;  // of each worker; `index`, `socket` and `sources` are set here
  engine::ReassemblyOptions fragments;  // `socket` is set here
  calls::CallPlaneOptions calls;        // `worker_count` is set here
  std::size_t record_queue = 4'096;     // of a kilobyte each; PlaneLink keeps what does not fit
};

class Pipeline {
 public:
  // Queues go to workers in turn, over all ports.  `ports` and `intake` must outlive the
  // pipeline.
  static Result<std::unique_ptr<Pipeline>> create(const PipelineOptions& options,
                                                  const std::vector<engine::Port>& ports,
                                                  storage::RecordIntake& intake);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  [[nodiscard]] std::vector<engine::Worker>& workers() { return workers_; }

  [[nodiscard]] const std::vector<engine::Worker>& workers() const { return workers_; }

  [[nodiscard]] const std::vector<std::unique_ptr<engine::WorkerRings>>& rings() const {
    return rings_;
  }

  // Of each worker.
  [[nodiscard]] std::uint32_t streams_max() const { return streams_max_; }

  [[nodiscard]] calls::CallPlane& plane() { return *plane_; }

  [[nodiscard]] PlaneLink& link() { return *link_; }

  [[nodiscard]] FragmentPath& fragments() { return *fragments_; }

  [[nodiscard]] RecordWriter& writer() { return *writer_; }

  [[nodiscard]] RecordKeeper& keeper() { return *keeper_; }

  // What the call plane has said and the writer or the keeper has not taken.
  [[nodiscard]] std::size_t commands_waiting() const {
    return queues_.to_writer.size() + queues_.events.size();
  }

  [[nodiscard]] const RecordFigures& figures() const { return figures_; }

 private:
  explicit Pipeline(std::size_t record_queue) : queues_(record_queue) {}

  RecordQueues queues_;
  RecordFigures figures_;
  std::uint32_t streams_max_ = 0;
  std::vector<std::unique_ptr<engine::WorkerRings>> rings_;
  std::vector<engine::Worker> workers_;
  std::unique_ptr<FragmentPath> fragments_;
  std::unique_ptr<PlaneLink> link_;
  std::unique_ptr<calls::CallPlane> plane_;
  std::unique_ptr<RecordWriter> writer_;
  std::unique_ptr<RecordKeeper> keeper_;
};

}  // namespace tapdeck::apps
