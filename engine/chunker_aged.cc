// The half of Chunker that hands out chunks for their age.
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/clock.h"
#include "engine/chunker.h"
#include "model/extent.h"

namespace tapdeck::engine {
namespace {

// Bytes of an extent that are to stay behind, so that it fills whole blocks.
std::size_t rest_of(std::size_t extent_bytes) {
  const std::size_t whole = std::min(extent_bytes, kExtentBytes) / kBlockBytes * kBlockBytes;
  const std::size_t rest = extent_bytes - whole;
  if (extent_bytes > kExtentBytes) return rest;
  // A little padding costs less than the headers of another extent.
  constexpr std::size_t kPaddingMin = kBlockBytes / 8;
  return whole == 0 || rest > kBlockBytes - kPaddingMin ? 0 : rest;
}

// How a fill parts into its first records, at most `bytes` of them, and the others; false when
// either would be empty.
bool part_fill(const Chunk& chunk,
               const ChunkFill& fill,
               std::size_t bytes,
               ChunkFill& first,
               ChunkFill& second) {
  first = {.base_us = fill.base_us, .last_us = 0, .record_bytes = 0, .packet_count = 0};
  second = first;
  std::uint32_t base_us = std::numeric_limits<std::uint32_t>::max();
  for (std::size_t at = 0; at < fill.record_bytes;) {
    const RecordHead head = read_head(chunk.records.data() + at);
    at += head.bytes;
    ChunkFill& part = at <= bytes ? first : second;
    part.record_bytes = static_cast<std::uint16_t>(part.record_bytes + head.bytes);
    part.last_us = std::max(part.last_us, head.delta_us);
    if (head.kind == RecordKind::kRtp) ++part.packet_count;
    if (&part == &second) base_us = std::min(base_us, head.delta_us);
  }
  if (first.record_bytes == 0 || second.record_bytes == 0) return false;
  second.base_us += base_us;
  second.last_us -= base_us;
  return true;
}

// Puts the records behind `first` into `to`, an empty chunk, as its `second`.
void move_records(const Chunk& chunk, const ChunkFill& first, Chunk& to, const ChunkFill& second) {
  std::uint8_t* const records = to.records.data();
  std::memcpy(records, chunk.records.data() + first.record_bytes, second.record_bytes);
  const auto later_us = static_cast<std::uint32_t>(second.base_us - first.base_us);
  for (std::size_t at = 0; at < second.record_bytes;) {
    const RecordHead head = read_head(records + at);
    store_le(records + at + 2, head.delta_us - later_us);
    at += head.bytes;
  }
}

}  // namespace

// Of all streams with an open chunk the one whose chunk is the oldest.
std::uint32_t Chunker::oldest() const {
  std::uint32_t oldest = kNone;
  std::int64_t opened_ns = std::numeric_limits<std::int64_t>::max();
  for (const ListHead& list : open_) {
    if (list.empty()) continue;
    const std::int64_t other_ns = pool_.at(streams_.hot(list.first).chunk).opened_ns;
    if (oldest != kNone && other_ns >= opened_ns) continue;
    oldest = list.first;
    opened_ns = other_ns;
  }
  return oldest;
}

void Chunker::add_to(Group& group, std::uint32_t stream) {
  StreamHot& hot = streams_.hot(stream);
  if (hot.chunk == kNone) return;
  if (hot.has(kStreamGaps)) write_gaps(stream);
  const std::size_t bytes = kSectionHeaderBytes + hot.fill.record_bytes;
  // What does not fit into one extent must leave less than a block behind.
  if (group.bytes + kPackedEntryBytes + bytes >= kExtentBytes + kBlockBytes) return;
  group.bytes += kPackedEntryBytes + bytes;
  group.record_bytes += hot.fill.record_bytes;
  group.streams[group.count++] = stream;
  if (group.largest == kNone ||
      hot.fill.record_bytes > streams_.hot(group.largest).fill.record_bytes) {
    group.largest = stream;
  }
}

Chunker::Group Chunker::group_of(std::uint32_t stream) {
  Group group;
  add_to(group, stream);
  // Streams of one call are few; the limit holds against a forged call with thousands.
  constexpr int kSiblings = (Group::kStreamsMax - 1) / 2;
  std::uint32_t sibling = streams_.cold(stream).in_call.next;
  for (int count = 0; sibling != kNone && count < kSiblings; ++count) {
    add_to(group, sibling);
    sibling = streams_.cold(sibling).in_call.next;
  }
  sibling = streams_.cold(stream).in_call.previous;
  for (int count = 0; sibling != kNone && count < kSiblings; ++count) {
    add_to(group, sibling);
    sibling = streams_.cold(sibling).in_call.previous;
  }
  if (group.count == 1) group.bytes -= kPackedEntryBytes;
  return group;
}

void Chunker::flush_aged(std::int64_t now_ns, std::int64_t age_ns, std::uint32_t budget) {
  for (std::uint32_t done = 0; done < budget; ++done) {
    const std::uint32_t stream = oldest();
    if (stream == kNone || now_ns - pool_.at(streams_.hot(stream).chunk).opened_ns < age_ns) return;
    const Group group = group_of(stream);
    const std::size_t rest = rest_of(group.bytes);
    std::size_t left = rest;
    // Each leaves its share, so that the rest is young; the largest what the others could not.
    for (std::size_t i = 0; i < group.count; ++i) {
      const std::uint32_t one = group.streams[i];
      if (one == group.largest) continue;
      const std::size_t share =
          rest * streams_.hot(one).fill.record_bytes / std::max<std::size_t>(group.record_bytes, 1);
      left -= std::min(left, close_but(one, share, now_ns, age_ns));
    }
    close_but(group.largest, left, now_ns, age_ns);
  }
}

// Hands out the open chunk without its last records, `rest` bytes or a little more: they go on as
// the stream's open chunk.  All of it when there is no room for that.  Returns the bytes left.
std::size_t Chunker::close_but(std::uint32_t stream,
                               std::size_t rest,
                               std::int64_t now_ns,
                               std::int64_t age_ns) {
  StreamHot& hot = streams_.hot(stream);
  if (rest == 0) {
    close(stream, Why::kFlush, now_ns);
    return 0;
  }
  Chunk& chunk = pool_.at(hot.chunk);
  ChunkFill kept;
  ChunkFill left;
  const bool parted =
      part_fill(chunk,
                hot.fill,
                hot.fill.record_bytes - std::min<std::size_t>(rest, hot.fill.record_bytes),
                kept,
                left);
  const std::int64_t opened_ns = std::min(
      now_ns, chunk.opened_ns + (order_[stream].older_us + left.base_us - kept.base_us) * kNsPerUs);
  const auto list = std::find_if(kOlderBy.begin(), kOlderBy.end(), [&](std::int64_t eighths) {
    return now_ns - age_ns / 8 * eighths <= opened_ns;
  });
  const std::uint32_t index =
      parted && list != kOlderBy.end() && pool_.can_hand_out() ? pool_.take() : kNone;
  if (index == kNone) {
    close(stream, Why::kFlush, now_ns);
    return 0;
  }
  Chunk& next = pool_.at(index);
  const std::int64_t told_ns = now_ns - age_ns / 8 * *list;
  begin_chunk(next, hot, left.base_us * kNsPerUs, told_ns);
  move_records(chunk, kept, next, left);
  hot.fill = kept;
  close(stream, Why::kFlush, now_ns);
  hot.chunk = index;
  hot.fill = left;
  note_open(stream, static_cast<std::uint32_t>(list - kOlderBy.begin()), opened_ns - told_ns);
  return left.record_bytes;
}

}  // namespace tapdeck::engine
