#include "storage/open_index.h"

#include <algorithm>

#include "base/assert.h"

namespace tapdeck::storage {

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
    return found == recordings_.end() || try_ready(uid, found->second, id, segment);
  });
}

void OpenIndex::remove_segment(const SegmentId& id) {
  const std::lock_guard lock(mutex_);
  segments_.erase(id);
}

void OpenIndex::seal(const SegmentId& id, std::uint64_t bytes, SegmentFooter footer) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.at(id);
  segment.info.durable_bytes = bytes;
  segment.info.sealed = true;
  segment.footer = footer;
  for (const Uid& uid : segment.members) {
    const auto found = recordings_.find(uid);
    if (found != recordings_.end()) try_ready(uid, found->second, id, segment);
  }
  segment.members = {};
  segment.ended_members = {};
  note_if_indexed(id, segment);
}

// Hands the group over when all of it is durable and nothing will be added to it.
bool OpenIndex::try_ready(const Uid& uid,
                          Recording& recording,
                          const SegmentId& segment,
                          Segment& in) {
  const auto group =
      std::find_if(recording.groups.begin(), recording.groups.end(), [&](const Group& candidate) {
        return candidate.segment == segment && !candidate.handed_over;
      });
  if (group == recording.groups.end()) return true;
  if (!recording.ended && !in.info.sealed) return false;
  if (group->entries.back().end() > in.info.durable_bytes) return false;
  group->handed_over = true;
  ready_.push_back({uid, segment, in.info.kind, group->entries});
  return true;
}

void OpenIndex::drop_entries(Recording& recording,
                             const SegmentId& id,
                             std::uint64_t bytes,
                             Segment& in) {
  for (auto& [number, stream] : recording.streams) {
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
    if (found->second.ended && found->second.groups.empty()) recordings_.erase(found);
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

void OpenIndex::add_stream(const Uid& recording, const OpenStream& stream) {
  const std::lock_guard lock(mutex_);
  recordings_[recording].streams[stream.stream].known = stream;
}

void OpenIndex::hold(const Uid& recording, std::uint16_t stream, std::uint32_t sequence) {
  const std::lock_guard lock(mutex_);
  Waiting waiting;
  waiting.sequence = sequence;
  recordings_[recording].streams[stream].waiting.push_back(waiting);
}

void OpenIndex::drop_held(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto found = recordings_.find(uid);
  if (found == recordings_.end()) return;
  for (auto& [number, stream] : found->second.streams) {
    std::erase_if(stream.waiting, [](const Waiting& waiting) { return !waiting.placed; });
  }
}

void OpenIndex::place(Recording& recording, const SegmentId& segment, const ExtentEntry& entry) {
  std::deque<Waiting>& waiting = recording.streams[entry.stream].waiting;
  auto at = std::find_if(waiting.begin(), waiting.end(), [&](const Waiting& held) {
    return !held.placed && held.sequence == entry.sequence;
  });
  if (at == waiting.end()) at = waiting.insert(waiting.end(), Waiting{});
  *at = {entry.sequence, true, segment, entry.end(), entry.last_us()};
}

void OpenIndex::add_extents(const Uid& uid,
                            const SegmentId& id,
                            std::span<const ExtentEntry> entries) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.at(id);
  Recording& recording = recordings_[uid];
  auto group =
      std::find_if(recording.groups.begin(), recording.groups.end(), [&](const Group& candidate) {
        return candidate.segment == id && !candidate.handed_over;
      });
  if (group == recording.groups.end()) {
    group = recording.groups.insert(group, Group{id, false, {}});
    segment.members.push_back(uid);
    // Appended after the end: it is not forgotten until the segment is full.
    if (recording.ended) segment.ended_members.push_back(uid);
    ++segment.group_count;
  }
  for (const ExtentEntry& entry : entries) {
    group->entries.push_back(entry);
    if (entry.kind != ExtentType::kMessages) place(recording, id, entry);
  }
  settle(recording);
}

void OpenIndex::settle(Recording& recording) {
  for (auto& [number, stream] : recording.streams) {
    while (!stream.waiting.empty() && stream.waiting.front().placed &&
           stream.waiting.front().end <=
               segments_.at(stream.waiting.front().segment).info.durable_bytes) {
      std::int64_t& until = stream.known.durability.durable_until_us;
      until = std::max(until, stream.waiting.front().last_us);
      stream.waiting.pop_front();
    }
  }
}

void OpenIndex::end_recording(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto found = recordings_.find(uid);
  if (found == recordings_.end()) return;
  Recording& recording = found->second;
  recording.ended = true;
  if (recording.groups.empty()) {
    recordings_.erase(found);
    return;
  }
  for (const Group& group : recording.groups) {
    Segment& segment = segments_.at(group.segment);
    if (!try_ready(uid, recording, group.segment, segment)) segment.ended_members.push_back(uid);
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

void OpenIndex::retire(const std::vector<SegmentExtents>& committed) {
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
    if (recording.ended && recording.groups.empty()) recordings_.erase(found);
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
    SegmentExtents extents{uid, group.segment, info.kind, {}};
    for (const ExtentEntry& entry : group.entries) {
      if (entry.end() <= info.durable_bytes) extents.entries.push_back(entry);
    }
    if (!extents.entries.empty()) copy.extents.push_back(std::move(extents));
  }
  for (const auto& [number, stream] : found->second.streams) copy.streams.push_back(stream.known);
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
