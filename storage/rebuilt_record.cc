#include "storage/rebuilt_record.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/limits.h"
#include "storage/extent_codec.h"

namespace tapdeck::storage {
namespace {

using Range = std::pair<std::int64_t, std::int64_t>;

// Of each stream, by its number.
std::map<std::uint16_t, Range> ranges_of(const std::vector<LocatedExtent>& located) {
  std::map<std::uint16_t, Range> ranges;
  for (const LocatedExtent& extent : located) {
    const ExtentEntry& entry = extent.entry;
    const auto [at, fresh] = ranges.try_emplace(entry.stream, entry.first_us, entry.last_us());
    if (fresh) continue;
    at->second.first = std::min(at->second.first, entry.first_us);
    at->second.second = std::max(at->second.second, entry.last_us());
  }
  return ranges;
}

// Sections of a packed extent share it.
std::string digest_of(const std::vector<LocatedExtent>& located) {
  std::vector<const LocatedExtent*> sections;
  for (const LocatedExtent& extent : located) sections.push_back(&extent);
  std::sort(sections.begin(), sections.end(), [](const auto* a, const auto* b) {
    return std::pair(a->entry.stream, a->entry.sequence) <
           std::pair(b->entry.stream, b->entry.sequence);
  });
  std::set<std::pair<SegmentId, std::uint64_t>> seen;
  std::vector<ExtentEntry> extents;
  for (const LocatedExtent* section : sections) {
    if (seen.emplace(section->segment, section->entry.offset).second) {
      extents.push_back(section->entry);
    }
  }
  Hasher hasher;
  return recording_digest(hasher, std::move(extents));
}

void add_media(const std::vector<LocatedExtent>& located,
               const std::vector<StreamDurability>& streams,
               CallRecord& call) {
  const std::map<std::uint16_t, Range> ranges = ranges_of(located);
  const bool all_known = streams.size() == ranges.size();
  std::int64_t first_us = INT64_MAX;
  std::int64_t last_us = INT64_MIN;
  std::size_t at = 0;
  for (const auto& [number, range] : ranges) {
    MediaRecord& media = call.media.emplace_back();
    media.first_us = range.first;
    media.last_us = range.second;
    first_us = std::min(first_us, range.first);
    last_us = std::max(last_us, range.second);
    if (!all_known) continue;
    media.source = streams[at].source;
    media.destination = streams[at].destination;
    media.ssrc = streams[at].ssrc;
    ++at;
  }
  call.ended_us = std::max(last_us, *call.start_us);
  call.total_ms = (*call.ended_us - *call.start_us) / kUsPerMs;
  call.recording.duration_ms = (last_us - first_us) / kUsPerMs;
}

}  // namespace

CallRecord make_rebuilt_record(const Uid& uid,
                               const SeenRecording& seen,
                               const ClassTimes& classes,
                               RecordingReader& recordings) {
  CallRecord call;
  call.uid = uid;
  call.final = true;
  call.state = CallState::kInterrupted;
  call.end_reason = EndReason::kCrash;
  call.start_us = uid.start_ms() * kUsPerMs;
  call.first_seen_us = *call.start_us;
  RecordingInfo& recording = call.recording;
  recording.retention_class = seen.retention_class;
  const auto times = classes.find(seen.retention_class);
  const KeptTimes kept = times == classes.end() ? KeptTimes{} : times->second;
  const auto expiry = [&call](std::int64_t kept_us) {
    return kept_us == 0 ? std::optional<std::int64_t>() : *call.start_us + kept_us;
  };
  recording.expires_us = expiry(kept.media_us);
  recording.sip_expires_us = expiry(kept.sip_us);
  recording.cdr_expires_us = expiry(kept.cdr_us);
  recording.locked = kept.locked;
  recording.latest_us = expiry(kept.max_us);
  recording.state =
      seen.had_media ? RecordingState::kRecordedWithGaps : RecordingState::kNotRecorded;
  recording.reasons = {RecordingReason::kInterrupted};
  const auto located = recordings.locate(uid, SegmentKind::kMedia);
  if (!located || located->empty()) return call;
  recording.sha256 = digest_of(*located);
  const auto streams = recordings.durability(uid);
  add_media(*located, streams ? *streams : std::vector<StreamDurability>(), call);
  return call;
}

CallRecord make_cut_record(CallRecord call, RecordingReader& recordings) {
  call.final = true;
  call.state = CallState::kInterrupted;
  call.end_reason = EndReason::kCrash;
  RecordingInfo& recording = call.recording;
  recording.paused_since_us.reset();
  recording.pause.reset();
  recording.reasons = {RecordingReason::kInterrupted};
  recording.state = RecordingState::kNotRecorded;
  const auto located = recordings.locate(call.uid, SegmentKind::kMedia);
  if (!located || located->empty()) return call;
  recording.state = RecordingState::kRecordedWithGaps;
  recording.sha256 = digest_of(*located);
  return call;
}

bool is_cut_import(const CallRecord& call) {
  return call.final && call.state == CallState::kInterrupted &&
         call.end_reason == EndReason::kCrash && call.port == config::kImportPort;
}

}  // namespace tapdeck::storage
