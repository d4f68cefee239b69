// Recordings that OpenIndex is to know nothing more of.
#include <algorithm>

#include "storage/open_index.h"

namespace tapdeck::storage {

void OpenIndex::abandon(const Uid& uid, ShredParts parts, Abandon until) {
  const std::lock_guard lock(mutex_);
  if (until == Abandon::kAlsoLater) remember_abandoned(uid, parts);
  std::erase_if(ready_, [&](const SegmentExtents& row) {
    return row.recording == uid && has_part(parts, row.kind);
  });
  const auto found = recordings_.find(uid);
  if (found == recordings_.end()) return;
  found->second.abandoned = found->second.abandoned | parts;
  forget_rows(found->second, parts);
  if (is_over(found->second)) recordings_.erase(found);
}

// The oldest go: what was abandoned long ago is over, or still open, and then knows it itself.
void OpenIndex::remember_abandoned(const Uid& uid, ShredParts parts) {
  Abandoned& abandoned = abandoned_[uid];
  if ((abandoned.parts | parts) == abandoned.parts) return;
  abandoned.parts = abandoned.parts | parts;
  ++abandoned.entries;
  abandoned_order_.push_back(uid);
  abandonments_.fetch_add(1, std::memory_order_release);
  if (abandoned_order_.size() <= kAbandonedMax) return;
  const auto oldest = abandoned_.find(abandoned_order_.front());
  if (oldest != abandoned_.end() && --oldest->second.entries == 0) abandoned_.erase(oldest);
  abandoned_order_.pop_front();
}

void OpenIndex::forget_rows(Recording& recording, ShredParts parts) {
  std::erase_if(recording.groups, [&](const Group& group) {
    Segment& segment = segments_.at(group.segment);
    if (!has_part(parts, segment.info.kind)) return false;
    --segment.group_count;
    note_if_indexed(group.segment, segment);
    return true;
  });
  if (has_part(parts, SegmentKind::kMedia)) recording.streams.clear();
}

void OpenIndex::readmit(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto open = recordings_.find(uid);
  if (open != recordings_.end()) open->second.abandoned = ShredParts::kNone;
  const auto found = abandoned_.find(uid);
  if (found == abandoned_.end()) return;
  std::erase(abandoned_order_, uid);
  abandoned_.erase(found);
}

ShredParts OpenIndex::abandoned_parts(const Uid& uid) {
  const std::lock_guard lock(mutex_);
  const auto known = abandoned_.find(uid);
  ShredParts parts = known == abandoned_.end() ? ShredParts::kNone : known->second.parts;
  const auto found = recordings_.find(uid);
  return found == recordings_.end() ? parts : parts | found->second.abandoned;
}

std::vector<Uid> OpenIndex::abandoned_since(std::uint64_t& seen) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = abandonments_.load(std::memory_order_relaxed);
  const std::size_t fresh = std::min(static_cast<std::size_t>(now - seen), abandoned_order_.size());
  seen = now;
  return {abandoned_order_.end() - static_cast<std::ptrdiff_t>(fresh), abandoned_order_.end()};
}

}  // namespace tapdeck::storage
