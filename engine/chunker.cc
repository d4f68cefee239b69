#include "engine/chunker.h"

#include <algorithm>
#include <limits>

#include "base/clock.h"

namespace tapdeck::engine {
namespace {

// Records count microseconds from the chunk's base; a packet from before it stands at the base.
std::uint32_t delta_us(const Chunk& chunk, std::int64_t time_us) {
  const std::int64_t delta = time_us - chunk.section.base_us;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(delta, 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

void begin_chunk(Chunk& chunk, const StreamKey& key, std::int64_t time_ns, std::int64_t now_ns) {
  chunk.recording = {};
  chunk.last_us = time_ns / kNsPerUs;
  chunk.opened_ns = now_ns;
  chunk.sequence = 0;
  chunk.stream_ended = 0;
  SectionHeader& section = chunk.section;
  section = {};
  section.base_us = time_ns / kNsPerUs;
  section.ssrc = key.ssrc;
  section.source_ip = key.source_ip;
  section.destination_ip = key.destination_ip;
  section.source_port = key.source_port;
  section.destination_port = key.destination_port;
  section.realm = static_cast<std::uint16_t>(key.realm);
}

bool append_record(Chunk& chunk, ByteView packet, std::int64_t time_ns) {
  if (chunk.room() < kRecordHeaderBytes + packet.size()) return false;
  const std::int64_t time_us = time_ns / kNsPerUs;
  std::memcpy(chunk.append(RecordKind::kRtp, delta_us(chunk, time_us), packet.size()),
              packet.data(),
              packet.size());
  ++chunk.section.packet_count;
  chunk.last_us = std::max(chunk.last_us, time_us);
  return true;
}

bool Chunker::append(std::uint32_t stream,
                     ByteView packet,
                     std::int64_t time_ns,
                     std::int64_t now_ns) {
  if (packet.size() > kPacketBytesMax) {
    counters_.drop(DropReason::kRtpTooLong);
    add_gap(stream, GapReason::kTooLong, time_ns);
    return false;
  }
  StreamHot& hot = streams_.hot(stream);
  if (hot.chunk != kNone) {
    Chunk& chunk = pool_.at(hot.chunk);
    if (hot.has(kStreamGaps)) write_gaps(stream, chunk);
    if (append_record(chunk, packet, time_ns)) return true;
    close(stream, Why::kFlush, now_ns);
  }
  const std::uint32_t opened = open(stream, time_ns, now_ns);
  if (opened == kNone) {
    counters_.drop(DropReason::kNoChunk);
    add_gap(stream, GapReason::kNoChunk, time_ns);
    return false;
  }
  const bool fits = append_record(pool_.at(opened), packet, time_ns);
  if (!fits) {  // the longest packets leave no room for gap records before them
    counters_.drop(DropReason::kRtpTooLong);
    add_gap(stream, GapReason::kTooLong, time_ns);
  }
  return fits;
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
  const std::uint32_t index = streams_.hot(stream).chunk;
  if (index == kNone) return;
  Chunk& chunk = pool_.at(index);
  std::uint8_t* to = chunk.records.data();
  const std::uint8_t* from = to;
  const std::uint8_t* const end = from + chunk.section.record_bytes;
  chunk.last_us = chunk.section.base_us;
  while (from < end) {
    const auto head = load_le<std::uint16_t>(from);
    const std::int64_t time_us = chunk.section.base_us + load_le<std::uint32_t>(from + 2);
    const std::size_t bytes = kRecordHeaderBytes + (head & kRecordLengthMax);
    const bool is_packet = static_cast<RecordKind>(head >> 14) == RecordKind::kRtp;
    if (is_packet && time_us >= from_ns / kNsPerUs) {
      add_gap(stream, GapReason::kPaused, time_us * kNsPerUs);
      --chunk.section.packet_count;
    } else {
      std::memmove(to, from, bytes);
      to += bytes;
      chunk.last_us = std::max(chunk.last_us, time_us);
    }
    from += bytes;
  }
  // What must not be kept does not stay in memory either.
  std::memset(to, 0, static_cast<std::size_t>(end - to));
  chunk.section.record_bytes = static_cast<std::uint32_t>(to - chunk.records.data());
}

std::uint32_t Chunker::open(std::uint32_t stream, std::int64_t time_ns, std::int64_t now_ns) {
  const std::uint32_t index = pool_.take();
  if (index == kNone) return kNone;
  begin_chunk(pool_.at(index), streams_.key(stream), time_ns, now_ns);
  streams_.hot(stream).chunk = index;
  list_push_back(streams_.all_cold(), &StreamCold::open, open_, stream);
  if (streams_.cold(stream).gaps_pending > 0) write_gaps(stream, pool_.at(index));
  return index;
}

void Chunker::adopt(std::uint32_t stream, std::uint32_t chunk, std::int64_t now_ns) {
  pool_.at(chunk).opened_ns = now_ns;
  streams_.hot(stream).chunk = chunk;
  list_push_back(streams_.all_cold(), &StreamCold::open, open_, stream);
}

void Chunker::write_gaps(std::uint32_t stream, Chunk& chunk) {
  StreamCold& cold = streams_.cold(stream);
  for (std::size_t reason = 1; reason < kGapReasons; ++reason) {
    const std::uint32_t packets = cold.gaps[reason];
    if (packets == 0) continue;
    if (chunk.room() < kRecordHeaderBytes + kGapRecordBytes) return;
    std::uint8_t* at =
        chunk.append(RecordKind::kGap, delta_us(chunk, chunk.last_us), kGapRecordBytes);
    store_le(at, packets);
    at[4] = static_cast<std::uint8_t>(reason);
    cold.gaps[reason] = 0;
    cold.gaps_pending -= packets;
  }
  streams_.hot(stream).clear(kStreamGaps);
}

void Chunker::close(std::uint32_t stream, Why why, std::int64_t now_ns) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (hot.chunk == kNone) {
    if (why != Why::kEnd || cold.gaps_pending == 0) return;
    if (open(stream, hot.last_ns, now_ns) == kNone) return;
  } else if (cold.gaps_pending > 0) {
    write_gaps(stream, pool_.at(hot.chunk));
  }
  const std::uint32_t index = hot.chunk;
  Chunk& chunk = pool_.at(index);
  hot.chunk = kNone;
  list_remove(streams_.all_cold(), &StreamCold::open, open_, stream);
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
  counters_.drop(DropReason::kWriterFull, chunk.section.packet_count);
  add_gap(stream,
          GapReason::kWriterFull,
          {chunk.section.base_us * kNsPerUs, chunk.last_us * kNsPerUs, chunk.section.packet_count});
  pool_.put(index);
}

void Chunker::flush_aged(std::int64_t now_ns, std::int64_t age_ns, std::uint32_t budget) {
  for (std::uint32_t done = 0; done < budget && !open_.empty(); ++done) {
    const std::uint32_t stream = open_.first;
    if (now_ns - pool_.at(streams_.hot(stream).chunk).opened_ns < age_ns) return;
    close(stream, Why::kFlush, now_ns);
    // Streams of one call are few; the limit holds against a forged call with thousands.
    std::uint32_t sibling = streams_.cold(stream).in_call.next;
    for (int count = 0; sibling != kNone && count < 16; ++count) {
      close(sibling, Why::kFlush, now_ns);
      sibling = streams_.cold(sibling).in_call.next;
    }
    sibling = streams_.cold(stream).in_call.previous;
    for (int count = 0; sibling != kNone && count < 16; ++count) {
      close(sibling, Why::kFlush, now_ns);
      sibling = streams_.cold(sibling).in_call.previous;
    }
  }
}

}  // namespace tapdeck::engine
