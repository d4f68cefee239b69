// The part of Media that counts T.38 in datagrams: a direction of a fax is a stream without SSRC of
// which nothing is kept.  It is there for a call only; where no SDP explains them, such datagrams
// could be anything.
#include "engine/decode/udptl.h"
#include "engine/media.h"

namespace tapdeck::engine {

// The claim by which a datagram is a call's: as with RTP, the destination goes first, then comes
// the source, then a destination that was learnt.
std::uint32_t Media::find_fax_claim(const StreamKey& key, std::int64_t time_ns) const {
  const auto realm = static_cast<RealmId>(key.realm);
  const std::uint32_t to = endpoints_.find(realm, {{key.destination_ip}, key.destination_port});
  const std::uint32_t from = endpoints_.find(realm, {{key.source_ip}, key.source_port});
  if (to != kNone) {
    const std::uint32_t claim = endpoints_.resolve_fax(to, time_ns, false);
    if (claim != kNone) return claim;
  }
  if (from != kNone) {
    const std::uint32_t claim = endpoints_.resolve_fax(from, time_ns, false);
    if (claim != kNone) return claim;
  }
  return to != kNone ? endpoints_.resolve_fax(to, time_ns, true) : kNone;
}

Media::Owner Media::find_fax_owner(std::uint32_t stream, std::int64_t time_ns) const {
  const std::uint32_t claim = find_fax_claim(streams_.key(stream), time_ns);
  if (claim == kNone) return {};
  return {claim, endpoints_.claim(claim).address == streams_.cold(stream).destination};
}

// It is not kept, so it leaves room for what is.
std::uint32_t Media::create_fax(const MediaPacket& packet,
                                const StreamKey& key,
                                std::uint64_t hash) {
  if (streams_.used() >= streams_.capacity() - streams_.capacity() / 4) return kNone;
  const auto realm = static_cast<RealmId>(key.realm);
  const std::uint32_t destination =
      endpoints_.find_or_create(realm, {{key.destination_ip}, key.destination_port});
  if (destination == kNone) return kNone;
  const std::uint32_t source = endpoints_.find_or_create(realm, {{key.source_ip}, key.source_port});
  const std::uint32_t stream = source == kNone ? kNone : streams_.create(key, hash);
  if (stream == kNone) {
    endpoints_.drop_if_unused(destination);
    if (source != kNone && source != destination) endpoints_.drop_if_unused(source);
    return kNone;
  }
  join_addresses(stream, packet, destination, source);
  return stream;
}

bool Media::on_fax(const MediaPacket& packet) {
  const ByteView payload = packet.payload;
  if (payload.size() < kUdptlBytesMin) return false;
  // From half its sequence numbers on a datagram begins like RTP.
  const bool is_like_rtp = payload[0] >> 6 == 2;
  if (is_like_rtp && !is_udptl(payload, packet.arrival.payload_length)) return false;
  StreamKey key = packet.key;
  key.ssrc = 0;
  key.is_fax = 1;
  const std::uint64_t hash = streams_.hash(key);
  std::uint32_t stream = streams_.find(key, hash);
  const bool is_new = stream == kNone;
  if (is_new) {
    if (find_fax_claim(key, packet.arrival.time_ns) == kNone) return false;
    stream = create_fax(packet, key, hash);
    if (stream == kNone) {
      counters_.drop(DropReason::kStreamTableFull);
      return true;
    }
  }
  StreamHot& hot = streams_.hot(stream);
  const bool is_first = hot.packet_count == 0;
  RtpArrival arrival = packet.arrival;
  arrival.header = {};
  arrival.header.sequence = udptl_sequence(payload);
  update_statistics(hot, streams_.cold(stream), arrival);
  if (is_new) {
    attach(stream, find_fax_owner(stream, packet.arrival.time_ns));
  } else if (is_first) {
    report(stream, StreamReportKind::kActivity);  // changed calls
  }
  if (hot.is_withheld()) ++streams_.cold(stream).withheld_from;  // it is not for lack of room
  return true;
}

}  // namespace tapdeck::engine
