// Footers and packed rows of the extents index: bounds, and the same bytes back.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "storage/crc32c.h"
#include "storage/segment_format.h"

using namespace tapdeck;
using namespace tapdeck::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes{data, size};
  const SegmentId id{};
  footer_offset(id, size, bytes);
  decode_footer(id, bytes);
  const auto row = decode_extent_row(as_text(bytes));
  if (row) {
    TD_ASSERT(decode_extent_row(encode_extent_row(*row)) == row);
    // The same entries in a footer, and that footer with one byte changed by the input.
    std::vector<FooterEntry> entries;
    for (const ExtentEntry& entry : *row) entries.push_back({Uid{}, entry});
    auto footer = encode_footer(id, kBlockBytes, entries);
    TD_ASSERT(decode_footer(id, footer) == entries);
    footer[footer.size() - 64 + data[0] % 64] ^= 1;
    decode_footer(id, footer);
    footer_offset(id, kBlockBytes + footer.size(), ByteView(footer).last(kBlockBytes));
  }
  return 0;
}
