#include "engine/chunker.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/clock.h"

namespace tapdeck::engine {
namespace {

// Copies with loads and stores that may overlap, as the length of a packet is seldom a multiple of
// anything.  Precondition: at least one block.
inline void copy_packet(std::uint8_t* to, const std::uint8_t* from, std::size_t length) {
  constexpr std::size_t kBlock = 32;
  if (length < kBlock || length > 16 * kBlock) {
    std::memcpy(to, from, length);
    return;
  }
  for (std::size_t at = 0; at + kBlock < length; at += kBlock) {
    std::memcpy(to + at, from + at, kBlock);
  }
  std::memcpy(to + length - kBlock, from + length - kBlock, kBlock);
}

}  // namespace

void begin_chunk(Chunk& chunk, StreamHot& hot, std::int64_t time_ns, std::int64_t now_ns) {
  const StreamKey& key = hot.key;
  chunk.recording = {};
  chunk.opened_ns = now_ns;
  chunk.sequence = 0;
  chunk.stream_ended = 0;
  SectionHeader& section = chunk.section;
  section = {};
  section.ssrc = key.ssrc;
  section.source_ip = key.source_ip;
  section.destination_ip = key.destination_ip;
  section.source_port = key.source_port;
  section.destination_port = key.destination_port;
  section.realm = static_cast<std::uint16_t>(key.realm);
  hot.fill = {.base_us = time_ns / kNsPerUs, .last_us = 0, .record_bytes = 0, .packet_count = 0};
}

void seal_chunk(Chunk& chunk, const ChunkFill& fill) {
  chunk.section.base_us = fill.base_us;
  chunk.section.record_bytes = fill.record_bytes;
  chunk.section.packet_count = fill.packet_count;
  chunk.last_us = fill.base_us + fill.last_us;
}

ChunkFill fill_of(const Chunk& chunk) {
  return {.base_us = chunk.section.base_us,
          .last_us = static_cast<std::uint32_t>(chunk.last_us - chunk.section.base_us),
          .record_bytes = static_cast<std::uint16_t>(chunk.section.record_bytes),
          .packet_count = static_cast<std::uint16_t>(chunk.section.packet_count)};
}

std::uint8_t* append_header(
    Chunk& chunk, ChunkFill& fill, RecordKind kind, std::size_t length, std::uint32_t delta_us) {
  TD_DCHECK(room_of(fill) >= kRecordHeaderBytes + length && length <= kRecordLengthMax);
  std::uint8_t* at = chunk.records.data() + fill.record_bytes;
  // One store for both fields; the two bytes behind them are the record's own first ones.
  TD_DCHECK(length >= 2);
  store_le(at, (length | (static_cast<std::uint64_t>(kind) << 14)) | std::uint64_t{delta_us} << 16);
  fill.record_bytes = static_cast<std::uint16_t>(fill.record_bytes + kRecordHeaderBytes + length);
  return at + kRecordHeaderBytes;
}

bool append_record(Chunk& chunk, ChunkFill& fill, ByteView packet, std::int64_t time_ns) {
  if (room_of(fill) < kRecordHeaderBytes + packet.size()) return false;
  // Records count microseconds from the chunk's base; a packet from before it stands at the base.
  const std::int64_t after_us = std::max<std::int64_t>(time_ns / kNsPerUs - fill.base_us, 0);
  if (after_us > std::numeric_limits<std::uint32_t>::max()) return false;
  const auto delta_us = static_cast<std::uint32_t>(after_us);
  copy_packet(append_header(chunk, fill, RecordKind::kRtp, packet.size(), delta_us),
              packet.data(),
              packet.size());
  ++fill.packet_count;
  fill.last_us = std::max(fill.last_us, delta_us);
  return true;
}

Chunker::Verdict Chunker::append(std::uint32_t stream,
                                 ByteView packet,
                                 std::int64_t time_ns,
                                 std::int64_t now_ns) {
  if (packet.size() > kPacketBytesMax) {
    counters_.drop(DropReason::kRtpTooLong);
    add_gap(stream, GapReason::kTooLong, time_ns);
    return Verdict::kTooLong;
  }
  StreamHot& hot = streams_.hot(stream);
  if (hot.chunk != kNone) {
    if (hot.has(kStreamGaps)) write_gaps(stream);
    if (append_record(pool_.at(hot.chunk), hot.fill, packet, time_ns)) return Verdict::kKept;
    close(stream, Why::kFlush, now_ns);
  }
  const std::uint32_t opened = open(stream, time_ns, now_ns);
  if (opened == kNone) return Verdict::kNoChunk;
  const bool fits = append_record(pool_.at(opened), hot.fill, packet, time_ns);
  if (!fits) {  // the longest packets leave no room for gap records before them
    counters_.drop(DropReason::kRtpTooLong);
    add_gap(stream, GapReason::kTooLong, time_ns);
  }
  return fits ? Verdict::kKept : Verdict::kTooLong;
}

void Chunker::drop_open(std::uint32_t stream) {
  StreamHot& hot = streams_.hot(stream);
  if (hot.chunk == kNone) return;
  const std::uint32_t index = std::exchange(hot.chunk, kNone);
  seal_chunk(pool_.at(index), hot.fill);
  note_closed(stream);
  lose(stream, pool_.at(index), DropReason::kCallWithheld, GapReason::kWithheld);
  pool_.put(index);
}

void Chunker::wipe_open(std::uint32_t stream) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  cold.gaps = {};
  cold.gaps_pending = 0;
  hot.clear(kStreamGaps);
  if (hot.chunk == kNone) return;
  const std::uint32_t index = std::exchange(hot.chunk, kNone);
  std::memset(pool_.at(index).records.data(), 0, hot.fill.record_bytes);
  note_closed(stream);
  pool_.put(index);
}

void Chunker::lose(std::uint32_t stream, const Chunk& chunk, DropReason drop, GapReason gap) {
  const std::uint32_t packets = chunk.section.packet_count;
  if (packets == 0) return;
  counters_.drop(drop, packets);
  add_gap(stream, gap, {chunk.section.base_us * kNsPerUs, chunk.last_us * kNsPerUs, packets});
}

void Chunker::add_gap(std::uint32_t stream, GapReason reason, const Lost& lost) {
  StreamCold& cold = streams_.cold(stream);
  cold.gaps[static_cast<std::size_t>(reason)] += lost.packets;
  cold.gaps_pending += lost.packets;
  streams_.hot(stream).set(kStreamGaps);
  const LossCause cause = reason == GapReason::kPaused ? LossCause::kPaused : LossCause::kByUs;
  cold.losses[static_cast<std::size_t>(cause)].add(lost.from_ns, lost.to_ns, lost.packets);
  if (cause == LossCause::kByUs) cold.lost_by_us_count += lost.packets;
}

void Chunker::cut_paused(std::uint32_t stream, std::int64_t from_ns) {
  StreamHot& hot = streams_.hot(stream);
  if (hot.chunk == kNone) return;
  Chunk& chunk = pool_.at(hot.chunk);
  seal_chunk(chunk, hot.fill);
  cut_paused(stream, chunk, from_ns, INT64_MAX);
  hot.fill = fill_of(chunk);
}

void Chunker::cut_paused(std::uint32_t stream,
                         Chunk& chunk,
                         std::int64_t from_ns,
                         std::int64_t to_ns) {
  const CutPackets cut = cut_packets(chunk, from_ns / kNsPerUs, to_ns / kNsPerUs);
  if (cut.packets == 0) return;
  add_gap(stream, GapReason::kPaused, {cut.from_us * kNsPerUs, cut.to_us * kNsPerUs, cut.packets});
}

std::uint32_t Chunker::open(std::uint32_t stream, std::int64_t time_ns, std::int64_t now_ns) {
  const std::uint32_t index = pool_.take();
  if (index == kNone) return kNone;
  StreamHot& hot = streams_.hot(stream);
  begin_chunk(pool_.at(index), hot, time_ns, now_ns);
  hot.chunk = index;
  note_open(stream, 0, 0);
  if (hot.has(kStreamGaps)) write_gaps(stream);
  return index;
}

void Chunker::adopt(std::uint32_t stream, std::uint32_t chunk, std::int64_t now_ns) {
  pool_.at(chunk).opened_ns = now_ns;
  streams_.hot(stream).chunk = chunk;
  streams_.hot(stream).fill = fill_of(pool_.at(chunk));
  note_open(stream, 0, 0);
}

void Chunker::write_gaps(std::uint32_t stream) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  for (std::size_t reason = 1; reason < kGapReasons; ++reason) {
    const std::uint32_t packets = cold.gaps[reason];
    if (packets == 0) continue;
    if (room_of(hot.fill) < kRecordHeaderBytes + kGapRecordBytes) return;
    std::uint8_t* at = append_header(
        pool_.at(hot.chunk), hot.fill, RecordKind::kGap, kGapRecordBytes, hot.fill.last_us);
    store_le(at, packets);
    at[4] = static_cast<std::uint8_t>(reason);
    cold.gaps[reason] = 0;
    cold.gaps_pending -= packets;
  }
  hot.clear(kStreamGaps);
}

void Chunker::close(std::uint32_t stream, Why why, std::int64_t now_ns) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (hot.chunk == kNone) {
    if (why != Why::kEnd || cold.gaps_pending == 0) return;
    if (open(stream, hot.last_ns, now_ns) == kNone) return;
  } else if (cold.gaps_pending > 0) {
    write_gaps(stream);
  }
  const std::uint32_t index = hot.chunk;
  Chunk& chunk = pool_.at(index);
  hot.chunk = kNone;
  seal_chunk(chunk, hot.fill);
  note_closed(stream);
  chunk.recording = cold.recording;
  chunk.port_index = cold.port_index;
  chunk.retention_class = cold.retention_class;
  chunk.sequence = cold.chunk_sequence;
  chunk.stream_ended = why == Why::kEnd ? 1 : 0;
  chunk.section.kind = cold.kind;
  chunk.section.receiver = cold.receiver;
  chunk.section.sender = cold.sender;
  chunk.section.media_index = cold.media_index;
  TD_DCHECK(!chunk.recording.is_nil() || cold.call.is_none());
  if (pool_.hand_out(index)) {
    ++cold.chunk_sequence;
    counters_.chunks_out.add();
    return;
  }
  lose(stream, chunk, DropReason::kWriterFull, GapReason::kWriterFull);
  pool_.put(index);
}

void Chunker::note_open(std::uint32_t stream, std::uint32_t list, std::int64_t older_ns) {
  order_[stream].list = list & 3U;
  order_[stream].older_us = static_cast<std::uint32_t>(older_ns / kNsPerUs) & 0x3fff'ffffU;
  list_push_back(order_, &Order::link, open_[list], stream);
}

void Chunker::note_closed(std::uint32_t stream) {
  list_remove(order_, &Order::link, open_[order_[stream].list], stream);
}

}  // namespace tapdeck::engine
