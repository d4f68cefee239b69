// Which streams are the end of one whose call is over: packets of somebody who did not hear of the
// end and goes on sending.  What goes on so is not a later call's because that claims the
// destination; only if it claims the source, too.
// Threads: the owning worker.  Memory: kMarks marks from an Arena.  Full: a newer mark takes the
// place of an older one; whose mark is gone counts as new.
#pragma once

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "engine/arena.h"
#include "engine/stream.h"

namespace tapdeck::engine {

constexpr std::int64_t kNoStray = INT64_MAX;

class StrayMarks {
 public:
  explicit StrayMarks(Arena& arena) : marks_(arena.take<Mark>(kMarks)) {}

  // The stream's call is released, and the stream removed; the call had claimed it at `claimed_ns`.
  void note(std::uint64_t hash, const StreamHot& stream, std::int64_t claimed_ns) {
    marks_[hash % kMarks] = {
        hash, stream.last_ns, claimed_ns, static_cast<std::uint16_t>(stream.highest), true};
  }

  // The time of the claim under which it was, when the first packet of what looks like a new stream
  // follows upon one of those; else kNoStray.
  [[nodiscard]] std::int64_t find(std::uint64_t hash,
                                  std::uint16_t sequence,
                                  std::int64_t time_ns) const {
    const Mark& mark = marks_[hash % kMarks];
    const bool goes_on =
        mark.used && mark.hash == hash && !breaks(time_ns - mark.last_ns, sequence - mark.sequence);
    return goes_on ? mark.claimed_ns : kNoStray;
  }

  // Who has been silent for a second, or begins with other numbers, begins anew.
  [[nodiscard]] static bool breaks(std::int64_t pause_ns, int steps) {
    constexpr int kStepsMax = 100;
    const auto wrapped = static_cast<std::int16_t>(static_cast<std::uint16_t>(steps));
    return pause_ns >= kNsPerSecond || wrapped > kStepsMax || wrapped < -kStepsMax;
  }

 private:
  static constexpr std::size_t kMarks = 1'024;

  struct Mark {
    std::uint64_t hash;
    std::int64_t last_ns;
    std::int64_t claimed_ns;
    std::uint16_t sequence;
    bool used;
  };

  std::span<Mark> marks_;
};

}  // namespace tapdeck::engine
