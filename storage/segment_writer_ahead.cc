// What SegmentWriterImpl finds out about announced chunks for all of them at once.
#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "storage/segment_writer_impl.h"

namespace tapdeck::storage {

std::size_t SegmentWriterImpl::StreamKeyHash::operator()(const StreamKey& key) const {
  std::array<std::uint8_t, 42> bytes;
  std::memcpy(bytes.data(), key.source.ip.bytes.data(), 16);
  std::memcpy(bytes.data() + 16, key.destination.ip.bytes.data(), 16);
  store_le(bytes.data() + 32, key.source.port);
  store_le(bytes.data() + 34, key.destination.port);
  store_le(bytes.data() + 36, key.ssrc);
  store_le(bytes.data() + 40, key.realm);
  return hash_bytes(bytes, 0);
}

SegmentWriterImpl::StreamKey SegmentWriterImpl::stream_key_of(const SectionHeader& section) {
  return {{{section.source_ip}, section.source_port},
          {{section.destination_ip}, section.destination_port},
          section.ssrc,
          section.realm};
}

// Waits for others of its recording, to be packed with them.
bool SegmentWriterImpl::is_partial(const Chunk& chunk) {
  const std::size_t bytes = chunk.section_view().size();
  return stored_extent_bytes(bytes) < kExtentBytes && bytes + kPackedEntryBytes <= kSectionBytesMax;
}

// A recording lies in a dozen cache lines that no cache holds when there are many.  What waits for
// memory is done for all chunks together, one kind of thing after the other.
void SegmentWriterImpl::announce(std::span<const Chunk* const> chunks) {
  announced_.clear();
  warmed_.clear();
  for (const Chunk* chunk : chunks) {
    const auto found = recordings_.find(chunk->recording);
    announced_.push_back({chunk, found == recordings_.end() ? nullptr : &found->second});
    if (announced_.back().recording == nullptr) continue;
    const auto* at = reinterpret_cast<const std::uint8_t*>(announced_.back().recording);
    for (std::size_t line = 0; line < sizeof(Recording); line += 64) __builtin_prefetch(at + line);
  }
  for (Announced& next : announced_) {
    if (next.recording == nullptr) continue;
    const std::vector<Leaf>& leaves = next.recording->kept.leaves;
    __builtin_prefetch(leaves.data() + leaves.size(), 1);
    __builtin_prefetch(next.recording->indexed, 1);
    const auto stream = next.recording->streams.find(stream_key_of(next.chunk->section));
    if (stream != next.recording->streams.end()) next.stream = stream->second;
    warmed_.push_back(next.recording->indexed);
  }
  index_.warm(warmed_);
  leaves_.announce(chunks);
}

const SegmentWriterImpl::Announced* SegmentWriterImpl::announced(const Chunk& chunk) const {
  const auto found = std::find_if(announced_.begin(),
                                  announced_.end(),
                                  [&](const Announced& other) { return other.chunk == &chunk; });
  return found == announced_.end() ? nullptr : &*found;
}

// Its memory goes home and comes back as another chunk.
void SegmentWriterImpl::forget_announced(const Chunk& chunk) {
  for (Announced& other : announced_) {
    if (other.chunk == &chunk) other.chunk = nullptr;
  }
}

const AllocatedKey* SegmentWriterImpl::key_of_whole(const Chunk& chunk) const {
  const Announced* known = announced(chunk);
  if (known == nullptr || known->recording == nullptr || is_partial(chunk)) return nullptr;
  return known->recording->media_key ? &*known->recording->media_key : nullptr;
}

}  // namespace tapdeck::storage
