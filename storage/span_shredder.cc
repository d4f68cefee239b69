#include "storage/span_shredder.h"

#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "storage/extent_shred.h"
#include "storage/recording_reader.h"

namespace tapdeck::storage {

Result<std::uint64_t> SpanShredder::shred(const Uid& recording, const MediaSpan& span) {
  auto located = RecordingReader(keys, calls, index).locate(recording, SegmentKind::kMedia);
  if (!located && located.error().code == ErrorCode::kCorrupt) {
    log_warning("shredding: " + located.error().message);  // asking again would not help
    return 0;
  }
  if (!located) return Error(std::move(located.error()));
  std::set<std::pair<SegmentId, std::uint64_t>> done;  // one has several sections
  ExtentCodec codec;
  std::uint64_t destroyed = 0;
  for (const LocatedExtent& extent : *located) {
    const ExtentEntry& entry = extent.entry;
    if (!span.overlaps(entry.first_us, entry.last_us())) continue;
    if (!done.emplace(extent.segment, entry.offset).second) continue;
    const auto segment = index.find_segment(extent.segment);
    const auto key = keys.read(entry.key_id, recording);
    if (!segment || (!key && key.error().code == ErrorCode::kNotFound)) continue;  // gone already
    if (!key) return Error(key.error());
    const auto shredded = shred_extent(segment->path, entry.offset, *key, span, codec);
    if (shredded) {
      destroyed += *shredded ? 1 : 0;
    } else if (shredded.error().code == ErrorCode::kCorrupt) {
      log_warning("shredding: " + shredded.error().message);
    } else {
      return Error(shredded.error());
    }
  }
  return destroyed;
}

}  // namespace tapdeck::storage
