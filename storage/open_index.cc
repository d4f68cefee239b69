#include "storage/open_index.h"

#include <algorithm>

#include "base/assert.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kTogether = 16;  // as many as memory answers for at once

}  // namespace

void OpenIndex::add_segment(const SegmentId& id, SegmentInfo info) {
  const std::lock_guard lock(mutex_);
  segments_[id].info = std::move(info);
}

void OpenIndex::set_durable(const SegmentId& id, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.at(id);
  TD_ASSERT(bytes >= segment.info.durable_bytes);
  segment.info.durable_bytes = bytes;
  std::erase_if(segment.ended_members, [&](const Uid& uid) {
    const auto found = recordings_.find(uid);
    return found == recordings_.end() || try_ready(found->second, id, segment);
  });
}

void OpenIndex::remove_segment(const SegmentId& id) {
  const std::lock_guard lock(mutex_);
  segments_.erase(id);
}

bool OpenIndex::remove_sealed(const SegmentId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(id);
  if (found == segments_.end() || !found->second.info.sealed || found->second.group_count != 0) {
    return false;
  }
  segments_.erase(found);
  return true;
}

void OpenIndex::seal(const SegmentId& id, std::uint64_t bytes, SegmentFooter footer) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.at(id);
  segment.info.durable_bytes = bytes;
  segment.info.sealed = true;
  segment.footer = footer;
  ready_.reserve(ready_.size() + segment.members.size());
  std::vector<Recording*> together;
  for (std::size_t at = 0; at < segment.members.size();) {
    together.clear();
    for (; at < segment.members.size() && together.size() < kTogether; ++at) {
      const auto found = recordings_.find(segment.members[at]);
      if (found != recordings_.end()) together.push_back(&found->second);
    }
    touch(together);
    for (Recording* recording : together) try_ready(*recording, id, segment);
  }
  segment.members = {};
  segment.ended_members = {};
  segment.handed_over = {};
  note_if_indexed(id, segment);
}

// Hands the group over when all of it is durable and nothing will be added to it.
bool OpenIndex::try_ready(Recording& recording, const SegmentId& segment, Segment& in) {
  const Uid& uid = recording.uid;
  const auto group =
      std::find_if(recording.groups.begin(), recording.groups.end(), [&](const Group& candidate) {
        return candidate.segment == segment && !candidate.handed_over;
      });
  if (group == recording.groups.end()) return true;
  if (!recording.ended && !in.info.sealed) return false;
  if (group->entries.back().end() > in.info.durable_bytes) return false;
  group->handed_over = true;
  const bool again =
      in.info.sealed ? in.handed_over.contains(uid) : !in.handed_over.insert(uid).second;
  ready_.push_back({uid, segment, in.info.kind, again, group->entries});
  return true;
}

void OpenIndex::drop_entries(Recording& recording,
                             const SegmentId& id,
                             std::uint64_t bytes,
                             Segment& in) {
  for (Stream& stream : recording.streams) {
    std::erase_if(stream.waiting, [&](const Waiting& waiting) {
      return waiting.placed && waiting.segment == id && waiting.end > bytes;
    });
  }
  std::erase_if(recording.groups, [&](Group& group) {
    if (group.segment != id || group.handed_over) return false;
    std::erase_if(group.entries, [&](const ExtentEntry& entry) { return entry.end() > bytes; });
    if (group.entries.empty()) --in.group_count;
    return group.entries.empty();
  });
}

void OpenIndex::drop_behind(const SegmentId& id, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.at(id);
  for (const Uid& uid : segment.members) {
    const auto found = recordings_.find(uid);
    if (found == recordings_.end()) continue;
    drop_entries(found->second, id, bytes, segment);
    if (is_over(found->second)) recordings_.erase(found);
  }
}

std::optional<SegmentInfo> OpenIndex::find_segment(const SegmentId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = segments_.find(id);
  if (found == segments_.end()) return std::nullopt;
  return found->second.info;
}

std::vector<std::pair<SegmentId, SegmentInfo>> OpenIndex::segments() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<SegmentId, SegmentInfo>> all;
  all.reserve(segments_.size());
  for (const auto& [id, segment] : segments_) all.emplace_back(id, segment.info);
  return all;
}

bool OpenIndex::is_over(const Recording& recording) {
  return recording.ended && !recording.is_open && recording.groups.empty();
}

OpenIndex::Recording* OpenIndex::open(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  Recording& recording = recordings_[uid];
  recording.uid = uid;
  recording.is_open = true;
  if (const auto found = abandoned_.find(uid); found != abandoned_.end()) {
    recording.abandoned = found->second.parts;
  }
  return &recording;
}

void OpenIndex::warm(std::span<Recording* const> recordings) {
  const std::lock_guard lock(mutex_);
  touch(recordings);
}

// Asks for all of these what is needed of each later: memory answers for them together.
void OpenIndex::touch(std::span<Recording* const> recordings) {
  for (const Recording* recording : recordings) {
    if (!recording->groups.empty()) __builtin_prefetch(&recording->groups.back(), 1);
    __builtin_prefetch(recording->streams.data(), 1);
  }
  for (const Recording* recording : recordings) {
    if (!recording->groups.empty()) {
      const std::vector<ExtentEntry>& entries = recording->groups.back().entries;
      __builtin_prefetch(entries.data() + entries.size(), 1);
    }
    for (const Stream& stream : recording->streams) __builtin_prefetch(stream.waiting.data(), 1);
  }
}

OpenIndex::Stream& OpenIndex::stream_of(Recording& recording, std::uint16_t number) {
  const auto at = std::lower_bound(
      recording.streams.begin(),
      recording.streams.end(),
      number,
      [](const Stream& stream, std::uint16_t wanted) { return stream.known.stream < wanted; });
  if (at != recording.streams.end() && at->known.stream == number) return *at;
  Stream& stream = *recording.streams.insert(at, Stream{});
  stream.known.stream = number;
  return stream;
}

void OpenIndex::add_stream(Recording* recording, const OpenStream& stream) {
  const std::lock_guard lock(mutex_);
  stream_of(*recording, stream.stream).known = stream;
}

void OpenIndex::hold(Recording* recording, std::uint16_t stream, std::uint32_t sequence) {
  const std::lock_guard lock(mutex_);
  if (has_part(recording->abandoned, SegmentKind::kMedia)) return;
  Waiting waiting;
  waiting.sequence = sequence;
  stream_of(*recording, stream).waiting.push_back(waiting);
}

void OpenIndex::drop_held(Recording* recording, std::span<const ExtentEntry> sections) {
  const std::lock_guard lock(mutex_);
  for (Stream& stream : recording->streams) {
    std::erase_if(stream.waiting, [&](const Waiting& waiting) {
      const auto is_it = [&](const ExtentEntry& section) {
        return section.stream == stream.known.stream && section.sequence == waiting.sequence;
      };
      return !waiting.placed && std::ranges::any_of(sections, is_it);
    });
  }
}

void OpenIndex::place(Recording& recording, const SegmentId& segment, const ExtentEntry& entry) {
  std::vector<Waiting>& waiting = stream_of(recording, entry.stream).waiting;
  auto at = std::find_if(waiting.begin(), waiting.end(), [&](const Waiting& held) {
    return !held.placed && held.sequence == entry.sequence;
  });
  if (at == waiting.end()) at = waiting.insert(waiting.end(), Waiting{});
  *at = {entry.sequence, true, segment, entry.end(), entry.last_us()};
}

void OpenIndex::add_extents(Recording* to,
                            const SegmentId& id,
                            std::span<const ExtentEntry> entries) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.at(id);
  Recording& recording = *to;
  if (has_part(recording.abandoned, segment.info.kind)) return;
  auto group =
      std::find_if(recording.groups.begin(), recording.groups.end(), [&](const Group& candidate) {
        return candidate.segment == id && !candidate.handed_over;
      });
  if (group == recording.groups.end()) {
    group = recording.groups.insert(group, Group{id, false, {}});
    segment.members.push_back(recording.uid);
    // Appended after the end: it is not forgotten until the segment is full.
    if (recording.ended) segment.ended_members.push_back(recording.uid);
    ++segment.group_count;
  }
  for (const ExtentEntry& entry : entries) {
    group->entries.push_back(entry);
    if (segment_kind_of(entry.kind) == SegmentKind::kMedia) place(recording, id, entry);
  }
  settle(recording);
}

void OpenIndex::settle(Recording& recording) {
  for (Stream& stream : recording.streams) {
    auto at = stream.waiting.begin();
    for (; at != stream.waiting.end(); ++at) {
      if (!at->placed) break;
      // A segment that is gone was durable to its end.
      const auto in = segments_.find(at->segment);
      if (in != segments_.end() && at->end > in->second.info.durable_bytes) break;
      std::int64_t& until = stream.known.durability.durable_until_us;
      until = std::max(until, at->last_us);
    }
    stream.waiting.erase(stream.waiting.begin(), at);
  }
}

void OpenIndex::end_recording(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto found = recordings_.find(uid);
  if (found == recordings_.end()) return;
  Recording& recording = found->second;
  recording.ended = true;
  recording.is_open = false;
  if (recording.groups.empty()) {
    recordings_.erase(found);
    return;
  }
  for (const Group& group : recording.groups) {
    Segment& segment = segments_.at(group.segment);
    if (!try_ready(recording, group.segment, segment)) segment.ended_members.push_back(uid);
  }
}

bool OpenIndex::is_settled(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto found = recordings_.find(uid);
  return found == recordings_.end() ||
         std::all_of(found->second.groups.begin(),
                     found->second.groups.end(),
                     [](const Group& group) { return group.handed_over; });
}

std::vector<SegmentExtents> OpenIndex::take_ready() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ready_, {});
}

void OpenIndex::retire(std::span<const SegmentExtents> committed) {
  const std::lock_guard lock(mutex_);
  for (const SegmentExtents& row : committed) {
    const auto found = recordings_.find(row.recording);
    if (found == recordings_.end()) continue;
    Recording& recording = found->second;
    settle(recording);
    const auto gone =
        std::find_if(recording.groups.begin(), recording.groups.end(), [&](const Group& group) {
          return group.segment == row.segment && group.handed_over;
        });
    if (gone == recording.groups.end()) continue;
    recording.groups.erase(gone);
    Segment& segment = segments_.at(row.segment);
    --segment.group_count;
    note_if_indexed(row.segment, segment);
    if (is_over(recording)) recordings_.erase(found);
  }
}

void OpenIndex::give_back(std::vector<SegmentExtents> rows) {
  const std::lock_guard lock(mutex_);
  std::move(ready_.begin(), ready_.end(), std::back_inserter(rows));
  ready_ = std::move(rows);
}

void OpenIndex::note_if_indexed(const SegmentId& id, const Segment& segment) {
  if (segment.footer == SegmentFooter::kWritten && segment.group_count == 0) indexed_.push_back(id);
}

std::vector<SegmentId> OpenIndex::take_indexed() {
  const std::lock_guard lock(mutex_);
  return std::exchange(indexed_, {});
}

std::optional<OpenRecording> OpenIndex::find_recording(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto found = recordings_.find(uid);
  if (found == recordings_.end()) return std::nullopt;
  settle(found->second);
  OpenRecording copy;
  for (const Group& group : found->second.groups) {
    const SegmentInfo& info = segments_.at(group.segment).info;
    SegmentExtents extents{uid, group.segment, info.kind, false, {}};
    for (const ExtentEntry& entry : group.entries) {
      if (entry.end() <= info.durable_bytes) extents.entries.push_back(entry);
    }
    if (!extents.entries.empty()) copy.extents.push_back(std::move(extents));
  }
  for (const Stream& stream : found->second.streams) copy.streams.push_back(stream.known);
  return copy;
}

bool OpenIndex::is_open(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto found = recordings_.find(uid);
  return found != recordings_.end() && !found->second.ended;
}

std::size_t OpenIndex::recording_count() {
  const std::lock_guard lock(mutex_);
  return recordings_.size();
}

}  // namespace tapdeck::storage
