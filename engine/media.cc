#include "engine/media.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "engine/decode/classify.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kServicedPerStep = 32;
constexpr std::uint32_t kFlushedPerStep = 8;
constexpr std::uint32_t kDiscardedPerStep = 32;
// Slots of the report ring that are left free by what can do without.
constexpr std::uint32_t kOptionalReserve = 64;

Endpoint source_of(const StreamKey& key) { return {{key.source_ip}, key.source_port}; }

Endpoint destination_of(const StreamKey& key) {
  return {{key.destination_ip}, key.destination_port};
}

QuarantineOptions quarantine_options(const WorkerOptions& options, const WorkerRings& rings) {
  const std::uint64_t share =
      std::uint64_t{rings.options().chunk_count} * options.quarantine_pct / 100;
  return {static_cast<std::uint32_t>(std::max<std::uint64_t>(share, 1)),
          options.quarantine_per_destination,
          options.quarantine_age_ns};
}

}  // namespace

Media::Media(Arena& arena,
             const WorkerOptions& options,
             WorkerRings& rings,
             WorkerCounters& counters)
    : options_(options),
      rings_(rings),
      counters_(counters),
      streams_(arena, options.streams_max, options.hash_seed),
      endpoints_(arena,
                 {.addresses_max = options.streams_max * 2 + options.claims_max,
                  .claims_max = options.claims_max,
                  .calls_max = options.calls_max,
                  .adopt_ns = options.quarantine_age_ns,
                  .hash_seed = options.hash_seed}),
      pool_(arena, rings),
      chunker_(arena, streams_, pool_, counters),
      quarantine_(arena,
                  {streams_, endpoints_, pool_, chunker_, counters},
                  quarantine_options(options, rings)),
      strays_(arena) {}

std::uint32_t Media::create_stream(const MediaPacket& packet) {
  if (streams_.used() == streams_.capacity() && is_wanted(packet)) make_room();
  const auto realm = static_cast<RealmId>(packet.key.realm);
  const std::uint32_t destination = endpoints_.find_or_create(realm, destination_of(packet.key));
  if (destination == kNone) {
    counters_.drop(DropReason::kAddressTableFull);
    return kNone;
  }
  const std::uint32_t source = endpoints_.find_or_create(realm, source_of(packet.key));
  if (source == kNone) {
    endpoints_.drop_if_unused(destination);
    counters_.drop(DropReason::kAddressTableFull);
    return kNone;
  }
  std::uint32_t claim = endpoints_.resolve(destination, packet.arrival.time_ns);
  if (claim == kNone) claim = endpoints_.resolve(source, packet.arrival.time_ns);
  const bool explained = claim != kNone;
  // Streams that are only counted leave room for those that are kept.
  const bool crowded = explained && !is_kept(claim) &&
                       streams_.used() >= streams_.capacity() - streams_.capacity() / 4;
  std::uint32_t stream = kNone;
  const bool plausible =
      explained || rtp_padding_fits(packet.payload, packet.arrival.payload_length);
  // Noise that only looks like RTP must not crowd out streams of calls.
  if ((explained && !crowded) ||
      (!explained && plausible && unproven_count_ < streams_.capacity() / 4)) {
    stream = streams_.create(packet.key, packet.hash);
  }
  if (stream == kNone) {
    endpoints_.drop_if_unused(destination);
    if (source != destination) endpoints_.drop_if_unused(source);
    if (plausible) {
      counters_.drop(crowded ? DropReason::kCallWithheld : DropReason::kStreamTableFull);
    }
    if (explained) note_missed(claim, packet.arrival.time_ns);
    return kNone;
  }
  join_addresses(stream, packet, destination, source);
  return stream;
}

void Media::join_addresses(std::uint32_t stream,
                           const MediaPacket& packet,
                           std::uint32_t destination,
                           std::uint32_t source) {
  StreamCold& cold = streams_.cold(stream);
  cold.destination = destination;
  cold.source = source;
  cold.port_index = packet.port_index;
  cold.vlan = packet.vlan;
  cold.receiver = kNoParty;
  cold.sender = kNoParty;
  cold.due_ns = now_ns_ + options_.report_interval_ns;
  cold.idle_since_ns = now_ns_;
  cold.stray_since_ns =
      strays_.find(packet.hash, packet.arrival.header.sequence, packet.arrival.time_ns);
  streams_.hot(stream).state = StreamState::kProbation;
  ++unproven_count_;
  const std::span<StreamCold> nodes = streams_.all_cold();
  list_push_back(
      nodes, &StreamCold::by_destination, endpoints_.address(destination).streams_to, stream);
  list_push_back(nodes, &StreamCold::by_source, endpoints_.address(source).streams_from, stream);
  list_push_back(nodes, &StreamCold::timer, timers_, stream);
  counters_.streams_created.add();
}

void Media::remove_stream(std::uint32_t stream) {
  StreamCold& cold = streams_.cold(stream);
  if (streams_.hot(stream).state == StreamState::kProbation) --unproven_count_;
  if (streams_.hot(stream).state == StreamState::kBound) {
    detach(stream);
  } else {
    quarantine_.discard(stream);
  }
  const std::span<StreamCold> nodes = streams_.all_cold();
  Address& destination = endpoints_.address(cold.destination);
  Address& source = endpoints_.address(cold.source);
  list_remove(nodes, &StreamCold::by_destination, destination.streams_to, stream);
  list_remove(nodes, &StreamCold::by_source, source.streams_from, stream);
  list_remove(nodes, &StreamCold::timer, timers_, stream);
  endpoints_.drop_if_unused(cold.destination);
  if (cold.source != cold.destination) endpoints_.drop_if_unused(cold.source);
  streams_.remove(stream);
}

void Media::update_clock(std::uint32_t stream) {
  StreamHot& hot = streams_.hot(stream);
  const std::uint32_t claim = streams_.cold(stream).claim;
  const std::uint8_t type = hot.jitter_payload_type;
  set_clock_rate(hot,
                 claim != kNone ? endpoints_.claim(claim).clock_rate_hz(type)
                                : static_payload(type).clock_rate_hz);
}

PacketClass Media::on_rtp(const MediaPacket& packet) {
  std::uint32_t stream = streams_.find(packet.key, packet.hash, packet.likely_stream);
  if (stream == kNone) stream = find_contested(packet);
  const bool bind_now = stream == kNone;
  if (bind_now) {
    if (expects_fax() && on_fax(packet)) return PacketClass::kFaxBound;
    stream = create_stream(packet);
    if (stream == kNone) {
      return rtp_padding_fits(packet.payload, packet.arrival.payload_length)
                 ? PacketClass::kRtpDiscarded
                 : PacketClass::kOtherUdp;
    }
  }
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (hot.state != StreamState::kBound && cold.stray_since_ns != kNoStray && !bind_now) {
    doubt_stray(stream, packet);
  }
  const bool first = hot.packet_count == 0;
  const std::uint8_t type_before = hot.jitter_payload_type;
  const std::int64_t previous_ns = hot.last_ns;
  const SequenceVerdict verdict = update_statistics(hot, cold, packet.arrival);
  if (verdict.missing != 0) {
    note_missing(stream,
                 {verdict.is_hole ? cold.jump_ns : previous_ns,
                  verdict.is_hole ? previous_ns : packet.arrival.time_ns,
                  verdict.missing});
  } else if (verdict.late) {
    LossSpan& wire = cold.losses[static_cast<std::size_t>(LossCause::kWire)];
    if (wire.packet_count > 0) --wire.packet_count;
  }
  if (bind_now) {
    const Owner owner = find_owner(stream, packet.arrival.time_ns);
    if (owner.claim != kNone) attach(stream, owner);
    if (hot.is_withheld()) --cold.withheld_from;  // this packet, too
  }
  if (first || hot.jitter_payload_type != type_before) update_clock(stream);
  if (hot.state == StreamState::kBound) {
    if (first && !bind_now) report(stream, StreamReportKind::kActivity);  // changed calls
    return keep_bound(stream, packet, verdict);
  }
  if (expects_fax() && on_fax(packet)) return PacketClass::kFaxBound;  // it had begun before
  return keep_unbound(stream, packet, verdict);
}

// Losses of one second are told together, those of another second apart from them: so they can be
// held against the seconds in which the port dropped packets.
void Media::note_missing(std::uint32_t stream, const LossSpan& missing) {
  LossSpan& wire = streams_.cold(stream).losses[static_cast<std::size_t>(LossCause::kWire)];
  const bool other_second = wire.to_ns / kNsPerSecond != missing.to_ns / kNsPerSecond;
  if (wire.packet_count > 0 && other_second && streams_.hot(stream).state == StreamState::kBound &&
      rings_.report_room() > kOptionalReserve) {
    report(stream, StreamReportKind::kActivity);
  }
  wire.add(missing.from_ns, missing.to_ns, missing.packet_count);
}

// The claim by which RTCP to or from `endpoint` belongs to a call: the address itself (RFC 5761, or
// a=rtcp), or RTP's port before it.
std::uint32_t Media::find_rtcp_claim(RealmId realm, Endpoint endpoint, std::int64_t time_ns) const {
  for (int step = 0; step < 2 && endpoint.port != 0; ++step, --endpoint.port) {
    const std::uint32_t address = endpoints_.find(realm, endpoint);
    if (address == kNone) continue;
    const std::uint32_t claim = endpoints_.resolve_rtcp(address, time_ns);
    if (claim != kNone) return claim;
  }
  return kNone;
}

// Whose the addresses of a packet are that belongs to no one stream; false when nobody's.
bool Media::find_ends(const MediaPacket& packet, StreamReport& out) {
  const auto realm = static_cast<RealmId>(packet.key.realm);
  out.worker = options_.index;
  out.realm = realm;
  out.source = source_of(packet.key);
  out.destination = destination_of(packet.key);
  const std::uint32_t to = find_rtcp_claim(realm, out.destination, packet.arrival.time_ns);
  const std::uint32_t from = find_rtcp_claim(realm, out.source, packet.arrival.time_ns);
  if (to == kNone && from == kNone) return false;
  const Claim& claim = endpoints_.claim(to != kNone ? to : from);
  out.call = claim.call;
  out.media_index = claim.media_index;
  out.receiver = to != kNone ? claim.receiver : kNoParty;
  const bool one_call = from != kNone && endpoints_.claim(from).call == out.call;
  out.sender = one_call ? endpoints_.claim(from).receiver : kNoParty;
  return true;
}

// The streams that RTCP speaks of may be another worker's, so the call plane gets to hear of it.
void Media::on_rtcp(const MediaPacket& packet) {
  StreamReport out;
  out.kind = StreamReportKind::kRtcp;
  out.rtcp.time_ns = packet.arrival.time_ns;
  if (!find_ends(packet, out)) return counters_.drop(DropReason::kRtcpUnbound);
  RtcpReader reader(packet.payload);
  RtcpReport report;
  out.rtcp.is_sign = true;
  while (reader.next(report)) {
    if (report.from_sender || report.block_count > 0) out.rtcp.is_sign = false;
    if (report.from_sender) {
      out.ssrc = report.sender_ssrc;
      out.rtcp.is_block = false;
      out.rtcp.ntp = report.ntp;
      tell_rtcp(out);
    }
    for (std::uint8_t i = 0; i < report.block_count; ++i) {
      const RtcpBlock block = read_rtcp_block(report, i);
      out.ssrc = block.ssrc;
      out.rtcp.is_block = true;
      out.rtcp.fraction_lost = block.fraction_lost;
      out.rtcp.jitter = block.jitter;
      out.rtcp.ntp = block.last_report;
      out.rtcp.delay = block.delay;
      tell_rtcp(out);
    }
  }
  if (reader.malformed()) {
    counters_.drop(DropReason::kRtcpMalformed);
  } else if (out.rtcp.is_sign) {  // of somebody who neither sends nor hears
    tell_rtcp(out);
  }
}

// Several messages of a handshake say the same, and it matters to a whole call: unlike RTCP it may
// take the last place.
void Media::on_zrtp(const MediaPacket& packet) {
  StreamReport out;
  out.kind = StreamReportKind::kSecured;
  if (!confirms_zrtp(packet.payload) || !find_ends(packet, out)) return;
  if (!rings_.push_report(out)) counters_.drop(DropReason::kReportRingFull);
}

// Leaves room for what is said of streams: that must not be lost.
void Media::tell_rtcp(const StreamReport& report) {
  if (rings_.report_room() <= kOptionalReserve || !rings_.push_report(report)) {
    counters_.drop(DropReason::kRtcpNotTold);
  }
}

void Media::age() {
  chunker_.flush_aged(now_ns_, options_.flush_interval_ns, kFlushedPerStep);
  quarantine_.discard_aged(now_ns_, kDiscardedPerStep);
  if (!hungry_.empty()) feed_hungry();
  for (std::uint32_t done = 0; done < kServicedPerStep && !timers_.empty(); ++done) {
    const std::uint32_t stream = timers_.first;
    if (streams_.cold(stream).due_ns > now_ns_ || !service(stream)) return;
  }
}

// Every report_interval: reports a bound stream that got packets, offers one that no call explains,
// forgets a silent one.  False when the report ring has no room.
bool Media::service(std::uint32_t stream) {
  const StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (hot.packet_count != cold.serviced_count) {
    if (!tell(stream)) return false;
    cold.serviced_count = hot.packet_count;
    cold.idle_since_ns = now_ns_;
  } else {
    const std::int64_t idle_ns = now_ns_ - cold.idle_since_ns;
    const bool bound = hot.state == StreamState::kBound;
    const std::int64_t limit_ns = bound ? options_.bound_idle_ns : options_.unbound_idle_ns;
    if (hot.state == StreamState::kProbation || idle_ns >= limit_ns) {
      if (bound) {
        if (rings_.report_room() == 0) return false;
        end_part(stream);
      }
      remove_stream(stream);
      return true;
    }
  }
  const std::span<StreamCold> nodes = streams_.all_cold();
  list_remove(nodes, &StreamCold::timer, timers_, stream);
  cold.due_ns = now_ns_ + options_.report_interval_ns;
  list_push_back(nodes, &StreamCold::timer, timers_, stream);
  return true;
}

bool Media::flush_open() {
  while (chunker_.has_open()) {
    if (rings_.chunk_room() == 0) return false;
    chunker_.flush_oldest(now_ns_);
  }
  return true;
}

void Media::fill_report(std::uint32_t stream, StreamReportKind kind, StreamReport& report) const {
  const StreamKey& key = streams_.key(stream);
  const StreamCold& cold = streams_.cold(stream);
  report.kind = kind;
  report.media_kind = cold.kind;
  report.receiver = cold.receiver;
  report.sender = cold.sender;
  report.worker = options_.index;
  report.media_index = cold.media_index;
  report.realm = static_cast<RealmId>(key.realm);
  report.port_index = cold.port_index;
  report.vlan = cold.vlan;
  report.call = cold.call;
  report.recording = cold.recording;
  report.source = source_of(key);
  report.destination = destination_of(key);
  report.ssrc = key.ssrc;
  fill_statistics(streams_.hot(stream), cold, report.statistics);
  if (streams_.is_fax(stream)) report.statistics.payload_type_count = 0;
  report.losses = cold.losses;
}

void Media::report(std::uint32_t stream, StreamReportKind kind, std::uint8_t key) {
  if (streams_.hot(stream).packet_count == 0) return;  // has just changed calls
  settle_withheld(stream);
  if (!streams_.is_fax(stream)) tell_missed(stream);
  StreamReport out;
  fill_report(stream, kind, out);
  out.key = key;
  if (rings_.push_report(out)) {
    streams_.cold(stream).losses = {};
  } else {
    counters_.drop(DropReason::kReportRingFull);
  }
}

void Media::visit(StreamVisitor visitor, void* context) const {
  for (std::uint32_t at = timers_.first; at != kNone; at = streams_.cold(at).timer.next) {
    StreamView view;
    fill_report(at, StreamReportKind::kActivity, view.report);
    view.bound = streams_.hot(at).state == StreamState::kBound;
    view.proven = streams_.hot(at).state != StreamState::kProbation;
    visitor(context, view);
  }
}

void Media::update_gauges() {
  counters_.streams.set(streams_.used());
  counters_.streams_bound.set(bound_count_);
  counters_.streams_withheld.set(withheld_count_);
  counters_.addresses.set(endpoints_.address_count());
  counters_.chunks_free.set(pool_.free_count());
}

}  // namespace tapdeck::engine
