// What SegmentWriterImpl does with recordings that are to be destroyed while they are written.
#include <vector>

#include "base/log.h"
#include "storage/segment_writer_impl.h"

namespace tapdeck::storage {

void SegmentWriterImpl::abandon(const Uid& recording, ShredParts parts) {
  index_.abandon(recording, parts, OpenIndex::Abandon::kAlsoLater);
  forget_abandoned(recording);
}

bool SegmentWriterImpl::is_abandoned(const Recording& recording, SegmentKind kind) {
  return has_part(recording.indexed->abandoned.load(std::memory_order_relaxed), kind);
}

AppendVerdict SegmentWriterImpl::refuse_abandoned() {
  output_.figures().abandoned_appends.add();
  return AppendVerdict::kAbandoned;
}

// It was made while the recording was being abandoned.  If it cannot be destroyed now, it stays in
// the vault's list, for the next opening.
AppendVerdict SegmentWriterImpl::drop_fresh_key(const Uid& uid, std::optional<AllocatedKey>& key) {
  const auto destroyed = keys_.destroy(key->id, uid);
  if (!destroyed) log_error(destroyed.error().message);
  key.reset();
  return refuse_abandoned();
}

void SegmentWriterImpl::drop_held(Recording& recording) {
  std::vector<ExtentEntry> sections;
  for (Held& held : recording.held) {
    secure_zero(held.section);
    ExtentEntry& section = sections.emplace_back();
    section.stream = held.stream;
    section.sequence = held.sequence;
  }
  index_.drop_held(recording.indexed, sections);
  release_held(recording, recording.held.size());
}

// What is known of it goes, too: its digest would be that of nothing.
void SegmentWriterImpl::forget_abandoned(const Uid& uid) {
  const ShredParts parts = index_.abandoned_parts(uid);
  const auto found = recordings_.find(uid);
  if (found != recordings_.end() && has_part(parts, SegmentKind::kSip)) {
    found->second.sip_key.reset();
  }
  if (!has_part(parts, SegmentKind::kMedia)) return;
  if (found != recordings_.end()) {
    found->second.media_key.reset();
    found->second.kept = {};
    drop_held(found->second);
  }
  if (const auto ended = ended_.find(uid); ended != ended_.end()) ended->second = {};
  if (const auto past = past_.find(uid); past != past_.end()) {
    past->second.media.clear();
    past->second.media_bytes = 0;
  }
}

}  // namespace tapdeck::storage
