// Puts frames, with their times, as mbufs into a ring port of this process.
// Threads: the one feeder of the port.  Memory: mbufs of the port.  When the ring or its pool is
// full: put() returns false and nothing has happened; the caller steps the worker and tries again.
#pragma once

#include <cstdint>

#include "bench/traffic/traffic.h"
#include "engine/port.h"

namespace tapdeck::traffic {

class RingFeed {
 public:
  // `port` is a ring port of one queue and must outlive the feed.
  explicit RingFeed(const engine::Port& port);

  [[nodiscard]] bool put(const Frame& frame);

 private:
  const engine::Port& port_;
  int note_offset_;
  std::uint64_t order_ = 0;
};

}  // namespace tapdeck::traffic
