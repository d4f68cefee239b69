// Records of a checkpoint file: bounds, and the same bytes back.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "storage/segment_format.h"

using namespace tapdeck;
using namespace tapdeck::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const SegmentId id{};
  std::uint64_t from = kSegmentHeaderBytes;
  ByteView rest{data, size};
  while (true) {
    const ByteView before = rest;
    const auto record = take_checkpoint(id, from, rest);
    if (!record) break;
    TD_ASSERT(rest.size() < before.size() && record->from == from && record->to >= from);
    const auto again = encode_checkpoint(id, record->from, record->to, record->entries);
    ByteView bytes(again);
    TD_ASSERT(take_checkpoint(id, from, bytes) == record && bytes.empty());
    from = record->to;
  }
  // CRCs keep random bytes out: the input as the entries of a row, and that record changed by it.
  const auto row = decode_extent_row(as_text({data, size}));
  if (!row || row->empty()) return 0;
  std::vector<FooterEntry> entries;
  for (const ExtentEntry& entry : *row) entries.push_back({Uid{}, entry});
  from = row->front().offset;
  auto bytes = encode_checkpoint(id, from, row->back().end(), entries);
  ByteView view(bytes);
  if (const auto record = take_checkpoint(id, from, view)) {
    TD_ASSERT(record->entries == entries);
    bytes[data[0] % bytes.size()] ^= 1;
    view = ByteView(bytes);
    TD_ASSERT(!take_checkpoint(id, from, view));
  }
  return 0;
}
