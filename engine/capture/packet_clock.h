// The clock of offline work: the running maximum of packet time.  A forward jump of more than an
// hour moves it only when three packets in a row confirm it, so that one wild timestamp ends no
// calls. Threads: one.  Memory: none.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tapdeck::engine {

class PacketClock {
 public:
  // Takes the time of the next packet (UTC nanoseconds) and returns the clock.
  std::int64_t observe(std::int64_t packet_ns) {
    if (!started_) {
      started_ = true;
      now_ns_ = packet_ns;
      return now_ns_;
    }
    if (packet_ns <= now_ns_ + kJumpNs) {
      confirmations_ = 0;
      if (packet_ns > now_ns_) now_ns_ = packet_ns;
      return now_ns_;
    }
    if (++confirmations_ >= kConfirmations) {
      confirmations_ = 0;
      now_ns_ = packet_ns;
    }
    return now_ns_;
  }

  [[nodiscard]] std::int64_t now_ns() const { return now_ns_; }

 private:
  static constexpr std::int64_t kJumpNs = 3'600 * kNsPerSecond;
  static constexpr int kConfirmations = 3;

  bool started_ = false;
  int confirmations_ = 0;
  std::int64_t now_ns_ = 0;
};

}  // namespace tapdeck::engine
