// What names a segment and what it holds, and the parts of a recording: shared by the segment files
// and by the call store's rows, which know nothing else of each other. Layout:
// docs/formats/segment.md.
//
// Threads: any; plain values.  Memory: none.  Failing: never.
#pragma once

#include <array>
#include <cstdint>

namespace tapdeck::storage {

using SegmentId = std::array<std::uint8_t, 16>;  // random

enum class SegmentKind : std::uint8_t { kMedia = 1, kSip = 2 };

// What of a recording has a key of its own; bits, so that several can be named.
enum class ShredParts : std::uint8_t { kNone = 0, kMedia = 1, kMessages = 2, kAll = 3 };

constexpr ShredParts operator|(ShredParts a, ShredParts b) {
  return static_cast<ShredParts>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}

constexpr ShredParts part_of(SegmentKind kind) {
  return kind == SegmentKind::kMedia ? ShredParts::kMedia : ShredParts::kMessages;
}

constexpr bool has_part(ShredParts parts, SegmentKind kind) {
  return (parts | part_of(kind)) == parts;
}

}  // namespace tapdeck::storage
