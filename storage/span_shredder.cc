#include "storage/span_shredder.h"

#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "storage/extent_shred.h"

namespace tapdeck::storage {

Result<std::vector<LocatedExtent>> SpanShredder::find(const Uid& recording, const MediaSpan& span) {
  auto located = RecordingReader(keys, calls, index).locate(recording, SegmentKind::kMedia);
  if (!located && located.error().code == ErrorCode::kCorrupt) {
    log_warning("shredding: " + located.error().message);  // asking again would not help
    return std::vector<LocatedExtent>();
  }
  if (!located) return Error(std::move(located.error()));
  std::set<std::pair<SegmentId, std::uint64_t>> seen;  // one has several sections
  std::erase_if(*located, [&](const LocatedExtent& extent) {
    return !span.overlaps(extent.entry.first_us, extent.entry.last_us()) ||
           !seen.emplace(extent.segment, extent.entry.offset).second;
  });
  return located;
}

Result<void> SpanShredder::shred(const Uid& recording,
                                 const MediaSpan& span,
                                 std::span<const LocatedExtent> extents) {
  ExtentCodec codec;
  for (const LocatedExtent& extent : extents) {
    const ExtentEntry& entry = extent.entry;
    const auto segment = index.find_segment(extent.segment);
    const auto key = keys.read(entry.key_id, recording);
    if (!segment || (!key && key.error().code == ErrorCode::kNotFound)) continue;  // gone already
    if (!key) return Error(key.error());
    const auto shredded = shred_extent(segment->path, entry.offset, *key, span, codec);
    if (shredded) continue;
    if (shredded.error().code != ErrorCode::kCorrupt) return Error(shredded.error());
    log_warning("shredding: " + shredded.error().message);
  }
  return {};
}

}  // namespace tapdeck::storage
