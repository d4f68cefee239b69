// What names a segment and what it holds: shared by the segment files and by the call store's rows,
// which know nothing else of each other. Layout: docs/formats/segment.md.
//
// Threads: any; plain values.  Memory: none.  Failing: never.
#pragma once

#include <array>
#include <cstdint>

namespace tapdeck::storage {

using SegmentId = std::array<std::uint8_t, 16>;  // random

enum class SegmentKind : std::uint8_t { kMedia = 1, kSip = 2 };

}  // namespace tapdeck::storage
