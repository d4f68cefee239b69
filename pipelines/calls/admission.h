// Whether a call that begins may be recorded, and how many running recordings must go, by the room
// there is for media: docs/adr/0009-whole-calls-under-overload.md.
//
// Threads: the call-plane thread.  Memory: none.
#pragma once

#include <cstdint>

#include "pipelines/calls/call_plane.h"

namespace tapdeck::calls {

constexpr std::uint32_t kStreamsPerCall = 2;

class Admission {
 public:
  // How things stand, with `recordings` under way.  Often: every few milliseconds.
  void observe(const MediaRoom& room, std::uint64_t recordings, std::int64_t timer_now_ns);

  // Room for `streams` more, when `promised` ones of admitted calls have not begun yet.
  [[nodiscard]] bool admits(std::uint64_t promised, std::uint64_t streams = kStreamsPerCall) const {
    return !refusing_ && room_.streams >= promised + streams;
  }

  // Media waits for the disk: nothing new is to be written.
  [[nodiscard]] bool refuses_all() const { return refusing_; }

  // The disk is not too full for calls of that priority.
  [[nodiscard]] bool has_space_for(std::uint8_t priority) const {
    return priority >= room_.priority_min;
  }

  // Recordings that must be cut short now.
  [[nodiscard]] std::uint64_t surplus(std::uint64_t recordings) const;

  // Calls that were cut short may go on.
  [[nodiscard]] bool may_restore(std::uint64_t promised) const {
    return admits(promised) && ceiling_ == UINT64_MAX;
  }

  [[nodiscard]] MediaPressure pressure(std::uint64_t promised) const;

 private:
  MediaRoom room_;
  bool refusing_ = false;              // media waits for the disk
  std::int64_t behind_since_ns_ = -1;  // so long; -1: it does not
  std::uint64_t cutting_from_ = 0;     // recordings when cutting began; 0: nothing to cut
  std::uint64_t ceiling_ = UINT64_MAX;
};

}  // namespace tapdeck::calls
