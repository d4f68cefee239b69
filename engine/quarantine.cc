#include "engine/quarantine.h"

#include "base/clock.h"
#include "engine/dtmf_mask.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kSlots = 1'024;

// Puts a gap record before everything in the chunk; false when there is no room.
bool prepend_gap(Chunk& chunk, std::uint32_t packets) {
  constexpr std::size_t kBytes = kRecordHeaderBytes + kGapRecordBytes;
  if (chunk.room() < kBytes) return false;
  std::memmove(chunk.records.data() + kBytes, chunk.records.data(), chunk.section.record_bytes);
  const std::uint32_t record_bytes = chunk.section.record_bytes;
  chunk.section.record_bytes = 0;
  std::uint8_t* at = chunk.append(RecordKind::kGap, 0, kGapRecordBytes);
  store_le(at, packets);
  at[4] = static_cast<std::uint8_t>(GapReason::kQuarantineFull);
  chunk.section.record_bytes = static_cast<std::uint32_t>(record_bytes + kBytes);
  return true;
}

}  // namespace

Quarantine::Quarantine(Arena& arena, const Parts& parts, const QuarantineOptions& options)
    : parts_(parts),
      options_(options),
      slots_(arena.take<Slot>(kSlots + 1)),
      held_(arena.take<Held>(parts.pool.size() + std::size_t{1})) {}

void Quarantine::hold(std::uint32_t stream, ByteView packet, std::int64_t time_ns) {
  StreamCold& cold = parts_.streams.cold(stream);
  std::uint32_t index = cold.held_packet;
  if (index != kNone) {
    parts_.counters.drop(DropReason::kProbationEvicted);
    parts_.chunker.add_gap(stream, GapReason::kQuarantineFull, slots_[index].time_ns);
  } else {
    index = next_slot_;
    next_slot_ = next_slot_ == kSlots ? 1 : next_slot_ + 1;
    const std::uint32_t owner = slots_[index].stream;
    if (owner != kNone) {
      parts_.counters.drop(DropReason::kProbationEvicted);
      parts_.chunker.add_gap(owner, GapReason::kQuarantineFull, slots_[index].time_ns);
      release_slot(owner);
    }
  }
  Slot& slot = slots_[index];
  if (packet.size() > slot.bytes.size()) {
    slot.stream = kNone;
    cold.held_packet = kNone;
    parts_.counters.drop(DropReason::kProbationEvicted);
    parts_.chunker.add_gap(stream, GapReason::kQuarantineFull, time_ns);
    return;
  }
  slot.stream = stream;
  slot.length = static_cast<std::uint32_t>(packet.size());
  slot.time_ns = time_ns;
  std::memcpy(slot.bytes.data(), packet.data(), packet.size());
  cold.held_packet = index;
}

void Quarantine::release_slot(std::uint32_t stream) {
  StreamCold& cold = parts_.streams.cold(stream);
  if (cold.held_packet == kNone) return;
  slots_[cold.held_packet].stream = kNone;
  cold.held_packet = kNone;
}

void Quarantine::promote(std::uint32_t stream, std::int64_t now_ns) {
  const std::uint32_t index = parts_.streams.cold(stream).held_packet;
  if (index == kNone) return;
  const Slot& slot = slots_[index];
  release_slot(stream);
  append(stream, ByteView{slot.bytes}.first(slot.length), slot.time_ns, now_ns);
}

std::uint32_t Quarantine::take_chunk(std::uint32_t stream) {
  const StreamCold& cold = parts_.streams.cold(stream);
  Address& destination = parts_.endpoints.address(cold.destination);
  if (destination.quarantine_chunks >= options_.per_destination_max) {
    if (cold.quarantine_first == kNone) return kNone;
    evict(cold.quarantine_first, DropReason::kQuarantineFull);
  } else if (chunk_count_ >= options_.chunks_max) {
    evict(by_age_.first, DropReason::kQuarantineFull);
  }
  std::uint32_t chunk = parts_.pool.take();
  if (chunk == kNone && !by_age_.empty()) {
    evict(by_age_.first, DropReason::kQuarantineFull);
    chunk = parts_.pool.take();
  }
  return chunk;
}

bool Quarantine::append(std::uint32_t stream,
                        ByteView packet,
                        std::int64_t time_ns,
                        std::int64_t now_ns) {
  if (packet.size() > kPacketBytesMax) {
    parts_.counters.drop(DropReason::kRtpTooLong);
    parts_.chunker.add_gap(stream, GapReason::kTooLong, time_ns);
    return false;
  }
  StreamHot& hot = parts_.streams.hot(stream);
  if (hot.chunk != kNone && append_record(parts_.pool.at(hot.chunk), hot.fill, packet, time_ns)) {
    return true;
  }
  const std::uint32_t chunk = take_chunk(stream);
  if (chunk == kNone) {
    parts_.counters.drop(DropReason::kQuarantineFull);
    parts_.chunker.add_gap(stream, GapReason::kQuarantineFull, time_ns);
    return false;
  }
  StreamCold& cold = parts_.streams.cold(stream);
  if (hot.chunk != kNone) seal_chunk(parts_.pool.at(hot.chunk), hot.fill);
  begin_chunk(parts_.pool.at(chunk), hot, time_ns, now_ns);
  // hot.chunk may have been evicted by take_chunk(): look at it only now.
  (hot.chunk == kNone ? cold.quarantine_first : held_[hot.chunk].next) = chunk;
  hot.chunk = chunk;
  held_[chunk].stream = stream;
  held_[chunk].next = kNone;
  list_push_back(held_, &Held::age, by_age_, chunk);
  ++chunk_count_;
  ++parts_.endpoints.address(cold.destination).quarantine_chunks;
  parts_.counters.quarantine_chunks.set(chunk_count_);
  append_record(parts_.pool.at(chunk), hot.fill, packet, time_ns);
  return true;
}

std::uint32_t Quarantine::detach_first(std::uint32_t stream) {
  StreamCold& cold = parts_.streams.cold(stream);
  StreamHot& hot = parts_.streams.hot(stream);
  const std::uint32_t chunk = cold.quarantine_first;
  cold.quarantine_first = held_[chunk].next;
  if (hot.chunk == chunk) {
    seal_chunk(parts_.pool.at(chunk), hot.fill);
    hot.chunk = kNone;
  }
  list_remove(held_, &Held::age, by_age_, chunk);
  held_[chunk] = {};
  --chunk_count_;
  --parts_.endpoints.address(cold.destination).quarantine_chunks;
  parts_.counters.quarantine_chunks.set(chunk_count_);
  return chunk;
}

void Quarantine::evict(std::uint32_t chunk, DropReason reason) {
  const std::uint32_t stream = held_[chunk].stream;
  // Chunks of a stream are taken in order, so the oldest of all is the first of its stream.
  const std::uint32_t first = detach_first(stream);
  TD_DCHECK(first == chunk);
  const Chunk& lost = parts_.pool.at(first);
  parts_.counters.drop(reason, lost.section.packet_count);
  parts_.chunker.add_gap(
      stream,
      GapReason::kQuarantineFull,
      {lost.section.base_us * kNsPerUs, lost.last_us * kNsPerUs, lost.section.packet_count});
  parts_.pool.put(first);
}

// Before the call was to be heard, and while it was paused: chunks leave as soon as they are
// adopted.
void Quarantine::cut_unwanted(std::uint32_t stream, Chunk& chunk, const CallSlot& call) {
  if (call.heard_ns != 0) cut_packets(chunk, INT64_MIN, call.heard_ns / kNsPerUs);
  if (!call.paused_ever) return;
  for (const CallSlot::Pause& pause : call.pauses) {
    parts_.chunker.cut_paused(stream, chunk, pause.from_ns, pause.to_ns);
  }
}

void Quarantine::adopt(std::uint32_t stream, const CallSlot& call, std::int64_t now_ns) {
  promote(stream, now_ns);
  StreamHot& hot = parts_.streams.hot(stream);
  StreamCold& cold = parts_.streams.cold(stream);
  if (hot.chunk != kNone) seal_chunk(parts_.pool.at(hot.chunk), hot.fill);
  // What was evicted stood before what is left.
  std::uint32_t& missing = cold.gaps[static_cast<std::size_t>(GapReason::kQuarantineFull)];
  if (missing > 0 && cold.quarantine_first != kNone &&
      prepend_gap(parts_.pool.at(cold.quarantine_first), missing)) {
    cold.gaps_pending -= missing;
    missing = 0;
  }
  if (hot.chunk != kNone) hot.fill = fill_of(parts_.pool.at(hot.chunk));
  const bool is_masked = may_need_masking(cold);
  while (cold.quarantine_first != kNone) {
    const std::uint32_t chunk = detach_first(stream);
    Chunk& kept = parts_.pool.at(chunk);
    cut_unwanted(stream, kept, call);
    if (kept.section.record_bytes == 0) {
      parts_.pool.put(chunk);
      continue;
    }
    if (is_masked) mask_records(kept, kept.section.record_bytes, cold.dtmf, parts_.counters);
    const bool last = cold.quarantine_first == kNone;
    const std::uint32_t newest = hot.chunk;
    const ChunkFill fill = hot.fill;
    parts_.chunker.adopt(stream, chunk, now_ns);
    if (!last) {
      parts_.chunker.close(stream, Chunker::Why::kFlush, now_ns);
      hot.chunk = newest;
      hot.fill = fill;
    }
  }
}

void Quarantine::discard(std::uint32_t stream) {
  release_slot(stream);
  while (parts_.streams.cold(stream).quarantine_first != kNone) {
    parts_.pool.put(detach_first(stream));
  }
}

void Quarantine::lose(std::uint32_t stream, DropReason reason) {
  const StreamCold& cold = parts_.streams.cold(stream);
  if (cold.held_packet != kNone) {
    parts_.counters.drop(reason);
    parts_.chunker.add_gap(stream, GapReason::kQuarantineFull, slots_[cold.held_packet].time_ns);
    release_slot(stream);
  }
  while (cold.quarantine_first != kNone) evict(cold.quarantine_first, reason);
}

void Quarantine::expire(std::uint32_t stream) {
  release_slot(stream);
  const StreamCold& cold = parts_.streams.cold(stream);
  while (cold.quarantine_first != kNone) evict(cold.quarantine_first, DropReason::kQuarantineAged);
}

bool Quarantine::yield_chunk() {
  if (by_age_.empty()) return false;
  evict(by_age_.first, DropReason::kQuarantineFull);
  return true;
}

void Quarantine::discard_aged(std::int64_t now_ns, std::uint32_t budget) {
  for (std::uint32_t done = 0; done < budget && !by_age_.empty(); ++done) {
    if (now_ns - parts_.pool.at(by_age_.first).opened_ns < options_.age_ns) return;
    evict(by_age_.first, DropReason::kQuarantineAged);
  }
}

void Quarantine::discard_all() {
  while (!by_age_.empty()) evict(by_age_.first, DropReason::kQuarantineAged);
}

}  // namespace tapdeck::engine
