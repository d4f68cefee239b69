#include "storage/segment_writer_impl.h"

#include <algorithm>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kHeldBytesMax = 64U << 20;
constexpr std::int64_t kLossesJoinUs = 1'000'000;  // losses so near each other are one gap

SegmentSlot slot_of(const Uid& uid, std::uint16_t retention_class, SegmentKind kind) {
  return {retention_class, kind, utc_day(uid.start_ms() * kUsPerMs)};
}

StreamDurability durability_of(const SectionHeader& section) {
  StreamDurability durability;
  durability.source = {{section.source_ip}, section.source_port};
  durability.destination = {{section.destination_ip}, section.destination_port};
  durability.ssrc = section.ssrc;
  return durability;
}

}  // namespace

void SegmentWriterImpl::note_lost(Kept& kept, const Content& content) {
  kept.failed += content.sections;
  if (!kept.lost.empty() && content.first_us <= kept.lost.back().to_us + kLossesJoinUs &&
      content.last_us >= kept.lost.back().from_us - kLossesJoinUs) {
    LostMedia& last = kept.lost.back();
    last.from_us = std::min(last.from_us, content.first_us);
    last.to_us = std::max(last.to_us, content.last_us);
    last.packets += content.packets;
    return;
  }
  kept.lost.push_back({content.first_us, content.last_us, content.packets});
}

SegmentWriterImpl::SegmentWriterImpl(const StoreOptions& options,
                                     KeyVault& keys,
                                     OpenIndex& index,
                                     std::uint32_t key_user)
    : options_(options),
      keys_(keys),
      index_(index),
      output_(options_, {keys, key_user}, index, [this](const LostExtent& lost) { on_lost(lost); }),
      leaves_(codec_.hasher(), [this](const Chunk& chunk) { return key_of_whole(chunk); }) {}

SegmentWriterImpl::~SegmentWriterImpl() = default;

void SegmentWriterImpl::continue_recording(const Uid& recording, RecordingPast past) {
  past_[recording] = std::move(past);
}

SegmentWriterImpl::Recording& SegmentWriterImpl::recording_of(const Uid& uid,
                                                              std::uint16_t retention_class) {
  const auto [at, fresh] = recordings_.try_emplace(uid);
  if (!fresh) return at->second;
  at->second.retention_class = retention_class;
  at->second.indexed = index_.open(uid);
  const auto past = past_.find(uid);
  if (past != past_.end()) {
    at->second.next_stream = past->second.next_stream;
    at->second.next_message = past->second.next_message;
    at->second.kept.past = std::move(past->second.media);
    at->second.kept.past_bytes = past->second.media_bytes;
    past_.erase(past);
  }
  return at->second;
}

std::optional<std::uint16_t> SegmentWriterImpl::stream_of(Recording& recording,
                                                          const Chunk& chunk) {
  const StreamKey key = stream_key_of(chunk.section);
  const auto found = recording.streams.find(key);
  if (found != recording.streams.end()) return found->second;
  const std::size_t number = recording.next_stream + recording.streams.size();
  if (number >= kNoStream) return std::nullopt;
  const auto stream = static_cast<std::uint16_t>(number);
  recording.streams.emplace(key, stream);
  index_.add_stream(recording.indexed, {stream, durability_of(chunk.section)});
  return stream;
}

bool SegmentWriterImpl::ensure_key(const Uid& uid,
                                   std::optional<AllocatedKey>& key,
                                   SegmentKind kind) {
  if (key) return true;
  auto allocated = keys_.allocate(uid, kind);
  if (!allocated) {
    output_.figures().io_errors.add();
    log_error(allocated.error().message);
    return false;
  }
  key = *allocated;
  return true;
}

AppendVerdict SegmentWriterImpl::refuse(Kept& kept, const Content& content) {
  output_.figures().failed_appends.add(content.sections);
  note_lost(kept, content);
  return AppendVerdict::kFailed;
}

AppendVerdict SegmentWriterImpl::try_append(const Chunk& chunk) {
  TD_ASSERT(chunk.section.record_bytes <= kRecordBytesMax);
  const AppendVerdict verdict =
      chunk.section.record_bytes == 0 ? AppendVerdict::kTaken : append(chunk);
  if (verdict != AppendVerdict::kBusy) forget_announced(chunk);
  return verdict;
}

AppendVerdict SegmentWriterImpl::append(const Chunk& chunk) {
  const Announced* known = announced(chunk);
  Recording& recording = known != nullptr && known->recording != nullptr
                             ? *known->recording
                             : recording_of(chunk.recording, chunk.retention_class);
  if (is_abandoned(recording, SegmentKind::kMedia)) return refuse_abandoned();
  const auto stream =
      known != nullptr && known->stream ? known->stream : stream_of(recording, chunk);
  const Content content{chunk.section.base_us, chunk.last_us, 1, chunk.section.packet_count};
  if (!stream) return refuse(recording.kept, content);
  const std::size_t packed = chunk.section_view().size() + kPackedEntryBytes;
  if (is_partial(chunk) && held_bytes_ + packed <= kHeldBytesMax) {
    if (recording.held_bytes + packed > kSectionBytesMax) {
      const AppendVerdict verdict = pack(chunk.recording, recording);
      if (verdict == AppendVerdict::kBusy) return verdict;
    }
    hold(chunk.recording, recording, chunk, *stream);
    return AppendVerdict::kTaken;
  }
  ExtentHeader header;
  header.kind = ExtentType::kMedia;
  header.stream = *stream;
  header.section_count = 1;
  header.sequence = chunk.sequence;
  header.first_us = chunk.section.base_us;
  header.duration_us = duration_between(chunk.section.base_us, chunk.last_us);
  entries_.assign(1, entry_of(header));
  const ByteView plaintext = chunk.section_view();
  content_ = content;
  const AppendVerdict verdict =
      write_extent(chunk.recording, recording, header, {{&plaintext, 1}, &chunk}, entries_);
  return verdict == AppendVerdict::kFailed ? refuse(recording.kept, content_) : verdict;
}

AppendVerdict SegmentWriterImpl::write_extent(const Uid& uid,
                                              Recording& recording,
                                              ExtentHeader& header,
                                              const Plaintext& plaintext,
                                              std::vector<ExtentEntry>& entries) {
  const SegmentKind kind = segment_kind_of(header.kind);
  const bool media = kind == SegmentKind::kMedia;
  std::optional<AllocatedKey>& key = media ? recording.media_key : recording.sip_key;
  const bool fresh = !key;
  if (!ensure_key(uid, key, kind)) return AppendVerdict::kFailed;
  // shred() sees the keys that were there when it looked: a later one must not be used.
  if (fresh && is_abandoned(recording, kind)) return drop_fresh_key(uid, key);
  std::size_t bytes = 0;
  for (const ByteView piece : plaintext.pieces) bytes += piece.size();
  header.plaintext_bytes = static_cast<std::uint32_t>(bytes);
  header.stored_bytes = static_cast<std::uint32_t>(stored_extent_bytes(bytes));
  SegmentOutput::Place place;
  const AppendVerdict verdict =
      output_.reserve(slot_of(uid, recording.retention_class, kind), header.stored_bytes, place);
  if (verdict != AppendVerdict::kTaken) return verdict;
  header.segment = place.segment;
  header.offset = place.offset;
  header.recording = uid;
  header.key_id = key->id;
  const Hash leaf = plaintext.chunk != nullptr ? leaves_.take(*plaintext.chunk, *key)
                                               : codec_.leaf(key->key, plaintext.pieces);
  codec_.seal(header, key->key, plaintext.pieces, place.to);
  for (ExtentEntry& entry : entries) {
    entry.offset = header.offset;
    entry.stored_bytes = header.stored_bytes;
    entry.kind = header.kind;
    entry.key_id = header.key_id;
    entry.leaf = leaf;
  }
  output_.commit(recording.indexed, entries);
  if (media) {
    recording.kept.digest.reset();
    recording.kept.leaves.push_back(
        {place.segment, entries.front(), content_.last_us, content_.sections, content_.packets});
  }
  return AppendVerdict::kTaken;
}

void SegmentWriterImpl::on_lost(const LostExtent& lost) {
  const auto lose_from = [&](Kept& kept) {
    kept.digest.reset();
    std::erase_if(kept.leaves, [&](const Leaf& leaf) {
      if (leaf.segment != lost.segment || leaf.entry.offset != lost.offset) return false;
      note_lost(kept, {leaf.entry.first_us, leaf.last_us, leaf.sections, leaf.packets});
      return true;
    });
  };
  const auto open = recordings_.find(lost.recording);
  if (open != recordings_.end()) lose_from(open->second.kept);
  const auto ended = ended_.find(lost.recording);
  if (ended != ended_.end()) lose_from(ended->second);
}

RecordingSummary SegmentWriterImpl::summarise(Kept& kept) {
  RecordingSummary summary;
  summary.bytes = kept.past_bytes;
  for (const Leaf& leaf : kept.leaves) {
    summary.bytes += leaf.entry.stored_bytes;
  }
  if (!kept.digest) {
    std::vector<ExtentEntry> media = kept.past;
    for (const Leaf& leaf : kept.leaves) media.push_back(leaf.entry);
    kept.digest = recording_digest(codec_.hasher(), std::move(media));
  }
  summary.sha256 = *kept.digest;
  summary.failed_chunk_count = kept.failed;
  summary.lost = kept.lost;
  return summary;
}

void SegmentWriterImpl::end_recording(const Uid& uid) {
  const Uid recording_uid = uid;  // `uid` may lie in what is erased
  const auto found = recordings_.find(recording_uid);
  if (found == recordings_.end() && past_.find(recording_uid) == past_.end()) return;
  Recording& recording =
      found == recordings_.end() ? recording_of(recording_uid, 0) : found->second;
  pack_now(recording_uid, recording);
  if (is_abandoned(recording, SegmentKind::kMedia)) recording.kept = {};
  ended_[recording_uid] = std::move(recording.kept);
  index_.end_recording(recording_uid);
  recordings_.erase(recording_uid);
  announced_.clear();
}

RecordingSummary SegmentWriterImpl::take_summary(const Uid& uid) {
  const auto found = ended_.find(uid);
  if (found == ended_.end()) return {};
  const RecordingSummary summary = summarise(found->second);
  ended_.erase(found);
  return summary;
}

void SegmentWriterImpl::end_all() {
  std::vector<Uid> open;
  for (const auto& [uid, recording] : recordings_) open.push_back(uid);
  for (const Uid& uid : open) end_recording(uid);
}

std::uint32_t SegmentWriterImpl::step(std::int64_t timer_now_ns) {
  now_ns_ = timer_now_ns;
  if (index_.abandonments() != abandonments_seen_) {
    for (const Uid& uid : index_.abandoned_since(abandonments_seen_)) forget_abandoned(uid);
  }
  pack_aged();
  return output_.step(timer_now_ns);
}

Result<void> SegmentWriterImpl::flush() {
  for (; !holding_.empty(); holding_.pop_front()) {
    const auto found = recordings_.find(holding_.front().second);
    if (found != recordings_.end()) pack_now(found->first, found->second);
  }
  return output_.flush();
}

Result<void> SegmentWriterImpl::close() {
  auto flushed = output_.usable_here() ? flush() : output_.flush();
  if (output_.usable_here()) output_.seal_all();
  return flushed;
}

}  // namespace tapdeck::storage
