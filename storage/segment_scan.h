// Finds the extents of a segment by looking at every block: for recovery and for checks.
//
// Threads: any; plain functions.  Memory: one window of the file.  Bad bytes: what is not an intact
// extent of this segment at this place is skipped block by block and counted.
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {

// `extent` is header, body and padding, borrowed.
using ExtentSink = std::function<void(const ExtentHeader& header, ByteView extent)>;

enum class WindowEnd : std::uint8_t { kMoreFollows, kLast };

struct ScanFigures {
  std::uint64_t extents = 0;
  std::uint64_t bad_blocks = 0;  // neither an extent nor zero, before `end`
  std::uint64_t end = 0;         // behind the last intact extent; 0: none
  std::uint64_t first_bad = 0;   // offset of the first bad block; 0: none
};

// Scans `window`, which starts at `base` of the segment; both on block bounds.  Returns how many
// bytes are done with; with kMoreFollows, an extent that the window cuts is left for the next one.
std::size_t scan_extents(ByteView window,
                         std::uint64_t base,
                         const SegmentId& segment,
                         WindowEnd window_end,
                         const ExtentSink& sink,
                         ScanFigures& figures);

// Scans [from, to) of an open file.  kIo when it cannot be read.
Result<ScanFigures> scan_segment_file(int file,
                                      const SegmentId& segment,
                                      std::uint64_t from,
                                      std::uint64_t to,
                                      const ExtentSink& sink);

}  // namespace tapdeck::storage
