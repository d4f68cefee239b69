// Tells the call plane how much room workers and disk have for media, and the log what comes of it.
//
// Threads: the call plane's; reads gauges of workers and rings.  Memory: none.  The log gets a line
// when calls begin to be lost to a lack of room, when that gets worse, each minute while it lasts,
// and when it is over.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "apps/disk_watch.h"
#include "apps/pipeline.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

// "media waits for the disk" and so on; empty when all is well.
std::string_view explain(calls::MediaPressure pressure);

// What one worker has, as its gauges say.
struct WorkerMedia {
  std::uint64_t streams_max = 0;
  std::uint64_t streams_kept = 0;
  std::uint64_t chunk_count = 0;
  std::uint64_t chunks_waiting = 0;  // for the disk
  std::uint64_t chunks_quarantined = 0;
};

calls::MediaRoom room_of(const std::vector<WorkerMedia>& workers);

class MediaWatch {
 public:
  MediaWatch(Pipeline& pipeline, const DiskWatch& disk) : pipeline_(pipeline), disk_(disk) {}

  // Every few milliseconds.
  void step(std::int64_t timer_now_ns);

  // Every second, with what the call plane counts.
  void tell(const calls::CallPlaneFigures& figures, std::int64_t timer_now_ns);

 private:
  Pipeline& pipeline_;
  const DiskWatch& disk_;
  std::int64_t stepped_ns_ = 0;
  std::int64_t began_ns_ = 0;  // of the time in which calls are lost; 0: they are not
  std::int64_t last_ns_ = 0;   // in which any was
  std::int64_t told_ns_ = 0;
  calls::MediaPressure worst_ = calls::MediaPressure::kNone;
  calls::CallPlaneFigures before_;  // when it began
  calls::CallPlaneFigures previous_;
};

}  // namespace tapdeck::apps
