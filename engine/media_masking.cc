// The part of Media that is about keys (dtmf_mask.h).  They are made unreadable in packets as they
// are copied into their chunk, and in what is in the open chunk already when SDP tells of a payload
// type late; what waited in quarantine is masked as it is adopted.  The call plane is told of them
// where it asked, also while nothing is kept: a key may end a pause.
#include "engine/dtmf_mask.h"
#include "engine/media.h"

namespace tapdeck::engine {

void Media::take_dtmf(std::uint32_t stream, const Claim& claim, bool by_destination) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  const DtmfTypes& types = by_destination ? claim.dtmf_to : claim.dtmf_from;
  cold.tell_keys = claim.tell_keys;
  if (cold.dtmf == types && cold.mask_keys == claim.mask_keys) return;
  cold.dtmf = types;
  cold.mask_keys = claim.mask_keys;
  note_dtmf(hot, cold);
  if (hot.state != StreamState::kBound || hot.chunk == kNone || !may_need_masking(cold)) return;
  mask_records(pool_.at(hot.chunk), hot.fill.record_bytes, types, counters_);
}

// The packet that was appended to the stream's open chunk a moment ago.
void Media::mask_newest(std::uint32_t stream, std::size_t packet_bytes) {
  if (!streams_.cold(stream).mask_keys) return;
  const StreamHot& hot = streams_.hot(stream);
  std::uint8_t* const end = pool_.at(hot.chunk).records.data() + hot.fill.record_bytes;
  if (mask_dtmf({end - packet_bytes, packet_bytes}, streams_.cold(stream).dtmf) ==
      MaskVerdict::kBadBlocks) {
    counters_.drop(DropReason::kRedMalformed);
  }
}

// Once for each key, by its first packet that was seen: all packets of an event have the time at
// which it began (RFC 4733 section 2.2).
void Media::tell_key(std::uint32_t stream, const MediaPacket& packet) {
  StreamCold& cold = streams_.cold(stream);
  if (!cold.tell_keys) return;
  const auto key = newest_key(packet.payload, cold.dtmf);
  if (!key) return;
  const auto timestamp = load_be<std::uint32_t>(packet.payload.data() + 4);
  if (cold.key_told && static_cast<std::int32_t>(timestamp - cold.key_timestamp) <= 0) return;
  cold.key_told = true;
  cold.key_timestamp = timestamp;
  report(stream, StreamReportKind::kKey, *key);
}

}  // namespace tapdeck::engine
