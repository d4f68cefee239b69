// What there is of a call that can be kept and go apart from the rest.
// Threads: any; plain values.  Memory: none.  Failing: never.
#pragma once

#include <cstdint>

namespace tapdeck {

using RecordingParts = std::uint8_t;  // a sum of these, never 0
constexpr RecordingParts kPartMedia = 1;
constexpr RecordingParts kPartSip = 2;
constexpr RecordingParts kPartCdr = 4;
constexpr RecordingParts kPartsAll = kPartMedia | kPartSip | kPartCdr;

}  // namespace tapdeck
