// Recovery's scan over arbitrary segment bytes, in windows: never out of bounds, never behind the
// end, and the same extents whatever the window.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "storage/crc32c.h"
#include "storage/segment_scan.h"

using namespace tapdeck;
using namespace tapdeck::storage;

namespace {

// Lets mutated headers through the CRC, so that what lies behind it is reached too.
void repair_crcs(std::vector<std::uint8_t>& bytes) {
  for (std::size_t at = 0; at + kBlockBytes <= bytes.size(); at += kBlockBytes) {
    auto header = decode_extent_header(ByteView(bytes).subspan(at));
    if (!header || header->stored_bytes > bytes.size() - at) continue;
    header->segment = SegmentId{};
    header->offset = at;
    header->crc = extent_crc(
        *header, ByteView(bytes).subspan(at + kExtentHeaderBytes, extent_body_bytes(*header)));
    const ExtentHeaderBytes repaired = encode_extent_header(*header);
    std::copy(repaired.begin(), repaired.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

ScanFigures scan(ByteView bytes, std::size_t window_bytes) {
  ScanFigures figures;
  std::size_t at = 0;
  while (at + kBlockBytes <= bytes.size()) {
    const std::size_t want = std::min(window_bytes, bytes.size() - at);
    const bool last = at + want == bytes.size();
    const std::size_t done = scan_extents(
        bytes.subspan(at, want),
        at,
        SegmentId{},
        last ? WindowEnd::kLast : WindowEnd::kMoreFollows,
        [](const ExtentHeader& header, ByteView extent) {
          TD_ASSERT(extent.size() == header.stored_bytes);
          for_each_section(header, extent.subspan(kExtentHeaderBytes), [](const SectionView&) {});
        },
        figures);
    if (done == 0 && last) break;
    if (done == 0) window_bytes *= 2;
    at += done;
  }
  return figures;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  decode_segment_header(bytes);
  // A short input stands for blocks of which only the start matters.
  if (size < kBlockBytes) bytes.resize((size / 256 + 1) * kBlockBytes);
  repair_crcs(bytes);
  const ScanFigures whole = scan(bytes, bytes.size());
  const ScanFigures windows = scan(bytes, 2 * kBlockBytes);
  TD_ASSERT(whole.extents == windows.extents && whole.end == windows.end);
  return 0;
}
