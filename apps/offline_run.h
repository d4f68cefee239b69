// Steps one pipeline through a merged stream of capture files, in rounds: a few packets to the
// workers, what they say to the call plane, and, when some of it has gathered, what that says to
// disk.  A round never starts while more than that is left to be written, so nothing is ever
// dropped for want of speed.  Where packets are far apart, rounds without any move the time on, so
// that each timer fires before what comes after it.
//
// Threads: one.  Memory: none of its own.
#pragma once

#include <cstdint>

#include "apps/pipeline.h"
#include "base/result.h"
#include "engine/capture/feeder.h"

namespace tapdeck::apps {

class OfflineRun {
 public:
  OfflineRun(Pipeline& pipeline, engine::Feeder& feeder) : pipeline_(pipeline), feeder_(feeder) {}

  // One round; false when the files are at their end, or nothing more can be stored.
  bool step();

  // Closes every call and waits until all is durable, or the call store has refused it for long.
  Result<void> finish();

 private:
  void move_time(const engine::FeedRound& round);
  void step_workers();
  void step_plane();
  [[nodiscard]] bool is_worth_writing() const;
  void drain_records();
  void drain_finals();
  [[nodiscard]] bool is_refused() const;

  Pipeline& pipeline_;
  engine::Feeder& feeder_;
  std::int64_t now_ns_ = 0;     // packet time
  std::int64_t waited_ns_ = 0;  // since the last packet
  bool started_ = false;
};

}  // namespace tapdeck::apps
