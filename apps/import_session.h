// An import that comes in over the control socket of `run`: puts it into the store beside the live
// capture, through a writer of its own.
//
// Threads: the client's connection, at a lower priority than the capture's.  Memory: the import's
// staging buffers, 16 bytes per call, and what the record path holds of calls that wait for the
// disk.  Full: waits for the disk, and so does the client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "apps/pause_notes.h"
#include "apps/record_path.h"
#include "control/import_sink.h"
#include "pipelines/retention/desk.h"
#include "storage/store.h"

namespace tapdeck::apps {

constexpr int kImportNiceness = 10;  // beside a live capture

class ImportSession final : public control::ImportSink {
 public:
  // `classes`: their names by index.  kBusy: there is an import already.  kInvalidArgument: no such
  // retention class.
  static Result<std::unique_ptr<control::ImportSink>> open(storage::Store& store,
                                                           retention::RetentionDesk& desk,
                                                           const std::vector<std::string>& classes,
                                                           const std::string& retention_class);

  Result<storage::Presence> presence_of(const Uid& uid) override;
  Result<void> add_chunk(Chunk& chunk) override;
  Result<void> add_messages(const Uid& recording, std::string records) override;
  Result<void> add_call(CallRecord call) override;
  Result<void> shred(const Uid& recording, storage::ShredParts parts) override;
  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override;
  Result<void> note_pause(const PauseTold& told) override;
  Result<void> add_event(EventRecord event) override;

  void tick() override { step(); }

  Result<void> finish() override;

 private:
  ImportSession(std::unique_ptr<storage::RecordIntake> intake,
                retention::RetentionDesk& desk,
                std::uint16_t class_index);

  std::uint32_t step();
  Result<void> check_asked(const Uid& uid) const;
  Result<void> hand_over(RecordCommand command);
  [[nodiscard]] bool is_refused() const;
  void flush();

  std::unique_ptr<storage::RecordIntake> intake_;
  PauseNotes pause_notes_;
  std::uint16_t class_index_;
  RecordQueues queues_;
  RecordFigures figures_;
  RecordWriter writer_;
  RecordKeeper keeper_;
  Result<void> flushed_;
  std::unordered_set<Uid, UidHash> asked_;  // calls of this import
};

}  // namespace tapdeck::apps
