// What happened to IP fragments, and to the packets they made.
// Threads: one writer, the thread that puts them together; any thread reads.  Memory: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/counters.h"

namespace tapdeck::engine {

// X(enumerator, snake_case name, help)
#define TD_REASSEMBLY_COUNTS(X)                                                                   \
  X(kFragments, fragments, "fragments taken in")                                                  \
  X(kDuplicates, duplicates, "fragments: came before, byte for byte")                             \
  X(kMalformed, malformed, "fragments: lengths that contradict each other")                       \
  X(kRefused, refused, "fragments: of a packet that was dropped for overlapping")                 \
  X(kReassembled, reassembled, "packets: whole")                                                  \
  X(kOverlapping, overlapping, "packets: dropped, fragments overlap or contradict each other")    \
  X(kTimedOut, timed_out, "packets: a fragment did not come in time")                             \
  X(kEvicted, evicted, "packets: given up for newer ones, memory was full")                       \
  X(kIncomplete, incomplete, "packets: not whole at the end of the capture")                      \
  X(kSip, sip, "whole packets: signalling that is read")                                          \
  X(kMedia, fragmented_media, "whole packets: RTP or RTCP, given to the worker of their stream")  \
  X(kMediaLost,                                                                                   \
    fragmented_media_lost,                                                                        \
    "whole packets: RTP or RTCP that its worker had no room for")                                 \
  X(kMediaForgotten, fragmented_media_forgotten, "streams in fragments forgotten for newer ones") \
  X(kOther, other, "whole packets: neither")

enum class ReassemblyCount : std::uint8_t {
#define X(enumerator, name, help) enumerator,
  TD_REASSEMBLY_COUNTS(X)
#undef X
      kCount
};

constexpr std::size_t kReassemblyCountCount = static_cast<std::size_t>(ReassemblyCount::kCount);

#define X(enumerator, name, help) std::string_view{#name},
constexpr std::array<std::string_view, kReassemblyCountCount> kReassemblyCountNames = {
    {TD_REASSEMBLY_COUNTS(X)}};
#undef X

struct ReassemblyCounters {
  std::array<Counter, kReassemblyCountCount> counts;

  void add(ReassemblyCount count) { counts[static_cast<std::size_t>(count)].add(); }

  [[nodiscard]] std::uint64_t value(ReassemblyCount count) const {
    return counts[static_cast<std::size_t>(count)].value();
  }
};

}  // namespace tapdeck::engine
