#include "storage/segment_scan.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "storage/files.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kSegmentWindowBytes = 8U << 20;

bool is_zero(ByteView block) {
  return block[0] == 0 && std::memcmp(block.data(), block.data() + 1, block.size() - 1) == 0;
}

}  // namespace

std::size_t scan_extents(ByteView window,
                         std::uint64_t base,
                         const SegmentId& segment,
                         WindowEnd window_end,
                         const ExtentSink& sink,
                         ScanFigures& figures) {
  std::size_t at = 0;
  while (at + kBlockBytes <= window.size()) {
    const ByteView rest = window.subspan(at);
    const auto header = decode_extent_header(rest);
    const bool ours = header && header->segment == segment && header->offset == base + at;
    if (ours && header->stored_bytes > rest.size() && window_end == WindowEnd::kMoreFollows) {
      return at;
    }
    if (ours && header->stored_bytes <= rest.size() &&
        extent_is_intact(*header, rest.first(header->stored_bytes))) {
      sink(*header, rest.first(header->stored_bytes));
      ++figures.extents;
      at += header->stored_bytes;
      figures.end = base + at;
      continue;
    }
    if (!is_zero(rest.first(kBlockBytes))) {
      ++figures.bad_blocks;
      if (figures.first_bad == 0) figures.first_bad = base + at;
    }
    at += kBlockBytes;
  }
  return at;
}

Result<ScanFigures> scan_segment_file(int file,
                                      const SegmentId& segment,
                                      std::uint64_t from,
                                      std::uint64_t to,
                                      const ExtentSink& sink) {
  ScanFigures figures;
  std::vector<std::uint8_t> buffer(kSegmentWindowBytes);
  std::uint64_t at = from;
  while (at + kBlockBytes <= to) {
    const std::size_t want = std::min<std::uint64_t>(buffer.size(), to - at);
    const MutableByteView window(buffer.data(), want);
    if (!read_fully(file, window, at)) {
      return make_errno_error(
          ErrorCode::kIo, "A segment cannot be read at " + std::to_string(at), errno);
    }
    const bool last = at + want >= to;
    const std::size_t done = scan_extents(
        window, at, segment, last ? WindowEnd::kLast : WindowEnd::kMoreFollows, sink, figures);
    // An extent larger than the window: look at it with a larger one.
    if (done == 0) buffer.resize(buffer.size() * 2);
    at += done;
    if (last) break;
  }
  return figures;
}

}  // namespace tapdeck::storage
