// The part of Media that keeps packets: of calls, and of what no call explains yet.
#include "engine/media.h"

namespace tapdeck::engine {

PacketClass Media::keep_bound(std::uint32_t stream, const MediaPacket& packet) {
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

PacketClass Media::keep_unproven(std::uint32_t stream,
                                 const MediaPacket& packet,
                                 bool in_sequence) {
  if (!in_sequence) {
    quarantine_.hold(stream, packet.payload, packet.arrival.time_ns);
    note_kept(stream, packet);
    return PacketClass::kRtpProbation;
  }
  streams_.hot(stream).state = StreamState::kQuarantined;
  --unproven_count_;
  quarantine_.promote(stream, now_ns_);
  return keep_quarantined(stream, packet);
}

PacketClass Media::keep_quarantined(std::uint32_t stream, const MediaPacket& packet) {
  if (!quarantine_.append(stream, packet.payload, packet.arrival.time_ns, now_ns_)) {
    return PacketClass::kRtpDiscarded;
  }
  note_kept(stream, packet);
  return PacketClass::kRtpQuarantined;
}

// Of a packet that the capture has cut there is less than a recording promises.
void Media::note_kept(std::uint32_t stream, const MediaPacket& packet) {
  if (packet.payload.size() >= packet.arrival.payload_length) return;
  counters_.drop(DropReason::kRtpTruncated);
  const std::int64_t time_ns = packet.arrival.time_ns;
  constexpr auto kCut = static_cast<std::size_t>(LossCause::kCut);
  streams_.cold(stream).losses[kCut].add(time_ns, time_ns, 1);
}

}  // namespace tapdeck::engine
