// The part of Media that keeps packets: of calls, and of what no call explains yet.  A packet that
// a second mirror shows once more is kept once.
#include "base/hash.h"
#include "engine/media.h"

namespace tapdeck::engine {
namespace {

// Tells a packet from another one with its sequence number: by the header, the length and the end
// of the payload.  Never 0.  Precondition: an RTP header is there.
std::uint32_t fingerprint(ByteView packet) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
  const auto header = load_le<std::uint64_t>(packet.data());
  const auto end = load_le<std::uint64_t>(packet.data() + packet.size() - 8);
  const std::uint64_t mixed = mix64(header ^ kOdd, end ^ packet.size() * kOdd);
  return static_cast<std::uint32_t>(mixed >> 32) | 1U;
}

void note_recent(StreamCold& cold, ByteView packet) {
  const auto sequence = load_be<std::uint16_t>(packet.data() + 2);
  cold.recent[sequence % kRecentPackets] = fingerprint(packet);
}

}  // namespace

PacketClass Media::keep_bound(std::uint32_t stream,
                              const MediaPacket& packet,
                              const SequenceVerdict& sequence) {
  if (streams_.hot(stream).has(kStreamDtmf)) tell_key(stream, packet);
  if (streams_.hot(stream).has(kStreamPaused)) {
    if (is_unrecorded(stream)) {
      ++streams_.cold(stream).withheld_from;  // not for lack of room
      return PacketClass::kRtpUnrecorded;
    }
    const CallSlot* slot = endpoints_.call_slot(streams_.cold(stream).call);
    if (slot != nullptr && slot->paused_at(packet.arrival.time_ns)) {
      chunker_.add_gap(stream, GapReason::kPaused, packet.arrival.time_ns);
      ++streams_.cold(stream).withheld_from;  // not for lack of room
      return PacketClass::kRtpPaused;
    }
  }
  if (streams_.hot(stream).is_withheld()) {
    count_withheld(stream);
    return PacketClass::kRtpBound;
  }
  if (sequence.duplicate && is_kept_already(stream, packet.payload)) {
    return PacketClass::kRtpDuplicate;
  }
  const std::int64_t time_ns = packet.arrival.time_ns;
  Chunker::Verdict verdict = Chunker::Verdict::kNoChunk;
  do {
    verdict = chunker_.append(stream, packet.payload, time_ns, now_ns_);
  } while (verdict == Chunker::Verdict::kNoChunk && quarantine_.yield_chunk());
  if (verdict == Chunker::Verdict::kNoChunk) starve(stream);
  if (verdict == Chunker::Verdict::kKept) {
    note_kept(stream, packet);
    if (streams_.hot(stream).has(kStreamDtmf)) mask_newest(stream, packet.payload.size());
  }
  return PacketClass::kRtpBound;
}

// Keeps RTP that no SDP explains yet.
PacketClass Media::keep_unbound(std::uint32_t stream,
                                const MediaPacket& packet,
                                const SequenceVerdict& sequence) {
  if (sequence.duplicate && is_kept_already(stream, packet.payload)) {
    return PacketClass::kRtpDuplicate;
  }
  if (streams_.hot(stream).state == StreamState::kProbation) {
    if (!sequence.in_sequence) {
      quarantine_.hold(stream, packet.payload, packet.arrival.time_ns);
      if (!quarantine_.held(stream).empty()) note_kept(stream, packet);
      return PacketClass::kRtpProbation;
    }
    streams_.hot(stream).state = StreamState::kQuarantined;
    --unproven_count_;
    quarantine_.promote(stream, now_ns_);
  }
  if (!quarantine_.append(stream, packet.payload, packet.arrival.time_ns, now_ns_)) {
    return PacketClass::kRtpDiscarded;
  }
  note_kept(stream, packet);
  return PacketClass::kRtpQuarantined;
}

void Media::note_kept(std::uint32_t stream, const MediaPacket& packet) {
  if (streams_.hot(stream).has(kStreamDoubled)) note_recent(streams_.cold(stream), packet.payload);
  if (packet.payload.size() < packet.arrival.payload_length) note_truncated(stream, packet);
}

// Of a packet that the capture has cut there is less than a recording promises.
void Media::note_truncated(std::uint32_t stream, const MediaPacket& packet) {
  counters_.drop(DropReason::kRtpTruncated);
  const std::int64_t time_ns = packet.arrival.time_ns;
  constexpr auto kCut = static_cast<std::size_t>(LossCause::kCut);
  streams_.cold(stream).losses[kCut].add(time_ns, time_ns, 1);
}

// For a packet with a sequence number that has been there: the number alone is not enough, as a
// source that starts anew may use it again.  What is kept is followed only once a stream has had
// such a packet, so that most streams have no work with it; up to then the open chunk tells.
bool Media::is_kept_already(std::uint32_t stream, ByteView packet) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (!hot.has(kStreamDoubled)) {
    hot.set(kStreamDoubled);
    cold.recent = {};
    recall_kept(stream);
  }
  const auto sequence = load_be<std::uint16_t>(packet.data() + 2);
  return cold.recent[sequence % kRecentPackets] == fingerprint(packet);
}

void Media::recall_kept(std::uint32_t stream) {
  const StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  const ByteView held = quarantine_.held(stream);
  if (!held.empty()) note_recent(cold, held);
  if (hot.chunk == kNone) return;
  const std::uint8_t* const records = pool_.at(hot.chunk).records.data();
  for (std::size_t at = 0; at < hot.fill.record_bytes;) {
    const RecordHead head = read_head(records + at);
    if (head.kind == RecordKind::kRtp) {
      note_recent(
          cold, {records + at + kRecordHeaderBytes, std::size_t{head.bytes} - kRecordHeaderBytes});
    }
    at += head.bytes;
  }
}

}  // namespace tapdeck::engine
