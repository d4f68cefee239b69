#include "storage/span_shredder.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"
#include "storage/recording_reader.h"

namespace tapdeck::storage {
namespace {

// False: nothing more can be done about it, and asking again would not help.
Result<bool> is_there(const Error& error) {
  if (error.code != ErrorCode::kCorrupt) return Error(error);
  log_warning("shredding: " + error.message);
  return false;
}

}  // namespace

Result<void> SpanShred::carry_out() const {
  for (const SegmentShred& segment : segments) TD_TRY(segment.carry_out());
  return {};
}

Result<SpanShred> SpanShredder::plan(const Uid& recording,
                                     const MediaSpan& span,
                                     std::int64_t begun_by_us) {
  SpanShred planned;
  if (span.from_us >= span.to_us) return planned;
  const auto located = RecordingReader(keys, calls, index).locate(recording, SegmentKind::kMedia);
  if (!located) {
    TD_TRY(is_there(located.error()));
    return planned;
  }
  std::map<SegmentId, std::map<std::uint64_t, std::uint32_t>> found;  // offset and key: each once
  for (const auto& [segment, entry] : *located) {
    if (span.overlaps(entry.first_us, entry.last_us())) found[segment][entry.offset] = entry.key_id;
  }
  ExtentCodec codec;
  for (const auto& [id, extents] : found) {
    const auto info = index.find_segment(id);
    if (!info) continue;  // gone already
    auto segment = SegmentShred::open(info->path);
    if (!segment) return Error(segment.error());
    const auto created_us = segment->created_us();
    if (!created_us) return Error(created_us.error());
    if (*created_us && **created_us > begun_by_us) continue;
    for (const auto& [offset, key_id] : extents) {
      const auto key = keys.read(key_id, recording);
      if (!key && key.error().code == ErrorCode::kNotFound) continue;  // gone already
      const auto added = key ? segment->add(offset, *key, span, codec) : is_there(key.error());
      if (!added) TD_TRY(is_there(added.error()));
    }
    planned.last_us = std::max(planned.last_us, segment->last_us());
    planned.segments.push_back(std::move(*segment));
  }
  return planned;
}

}  // namespace tapdeck::storage
