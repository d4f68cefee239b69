// Places of recordings in the order in which they are given up for lack of room.
// Threads: the call-plane thread.  Memory: a set entry per recording.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <set>

#include "base/pool_allocator.h"
#include "model/binding.h"

namespace tapdeck::calls {

// The greatest goes first.
struct RecordingRank {
  std::uint8_t behind = 0;  // 255 - priority
  std::uint64_t order = 0;  // of answers
  CallHandle call{};

  auto operator<=>(const RecordingRank&) const = default;
};

constexpr std::uint8_t behind_of(std::uint8_t priority) {
  return static_cast<std::uint8_t>(UINT8_MAX - priority);
}

constexpr std::uint8_t priority_of(const RecordingRank& rank) {
  return static_cast<std::uint8_t>(UINT8_MAX - rank.behind);
}

using RecordingRanks = std::set<RecordingRank, std::less<>, PoolAllocator<RecordingRank>>;

}  // namespace tapdeck::calls
