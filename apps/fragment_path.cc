#include "apps/fragment_path.h"

#include <utility>

namespace tapdeck::apps {
namespace {

using engine::PayloadKind;
using engine::ReassemblyCount;

// Fragments in a tunnel whose packets are fragmented: each is put together by itself.
constexpr int kNestedMax = 4;

SignalMessage make_message(const engine::Decoded& decoded,
                           const engine::IpPacket& packet,
                           SignalKind kind) {
  const auto length = static_cast<std::uint32_t>(decoded.payload.size());
  return {.time_ns = packet.time_ns,
          .order = packet.order,
          .source = decoded.source,
          .destination = decoded.destination,
          .realm = packet.realm,
          .port_index = packet.port_index,
          .vlan = packet.vlan,
          .ip_id = decoded.ip_id,
          .transport = decoded.is_tcp ? SignalTransport::kTcp : SignalTransport::kUdp,
          .kind = kind,
          .was_told = packet.was_told,
          .tcp_flags = decoded.tcp_flags,
          .tcp_sequence = decoded.tcp_sequence,
          .tcp_acknowledgement = decoded.tcp_acknowledgement,
          .missing_bytes = decoded.payload_length - length,
          .length = length,
          .bytes = decoded.payload.data()};
}

}  // namespace

class FragmentPath::Heads final : public engine::HeadSink {
 public:
  Heads(FragmentPath& path, calls::CallPlane& plane) : path_(path), plane_(plane) {}

  bool on_head(const engine::IpPacket& head) override { return path_.act_on_head(head, plane_); }

 private:
  FragmentPath& path_;
  calls::CallPlane& plane_;
};

Result<std::unique_ptr<FragmentPath>> FragmentPath::create(
    const engine::ReassemblyOptions& options,
    const engine::WorkerOptions& worker,
    std::vector<engine::WorkerRings*> workers) {
  Result<std::unique_ptr<engine::Reassembler>> reassembler = engine::Reassembler::create(options);
  if (!reassembler) return reassembler.error();
  Result<engine::SipDetector> detector = engine::SipDetector::create();
  if (!detector) return detector.error();
  std::unique_ptr<FragmentPath> path(
      new FragmentPath(std::move(*reassembler), std::move(*detector), worker, std::move(workers)));
  if (path->arena_.failed()) {
    return make_error(ErrorCode::kResources,
                      "No memory for the table of connections that came in fragments.");
  }
  return path;
}

FragmentPath::FragmentPath(std::unique_ptr<engine::Reassembler> reassembler,
                           engine::SipDetector detector,
                           const engine::WorkerOptions& worker,
                           std::vector<engine::WorkerRings*> workers)
    : reassembler_(std::move(reassembler)),
      media_(std::move(workers), reassembler_->counters()),
      rules_(worker.decode),
      realms_(worker.realms),
      arena_(worker.socket),
      finder_(std::move(detector), arena_, worker.hash_seed) {
  for (const std::uint16_t port : worker.sip_ports) finder_.add_port(port);
  for (const std::uint16_t port : worker.sip_tls_ports) finder_.add_tls_port(port);
}

void FragmentPath::take(const SignalMessage& fragment,
                        std::int64_t timer_now_ns,
                        calls::CallPlane& plane) {
  engine::IpPacket part{.bytes = fragment.view(),
                        .time_ns = fragment.time_ns,
                        .order = fragment.order,
                        .realm = fragment.realm,
                        .port_index = fragment.port_index,
                        .vlan = fragment.vlan};
  std::uint16_t queue = 0;
  Heads heads(*this, plane);
  for (int depth = 0; depth < kNestedMax; ++depth) {
    engine::IpPacket whole;
    if (!reassembler_->add(part, timer_now_ns, whole, &heads)) return;
    if (depth == 0) queue = media_.queue_of(whole.bytes);
    const engine::Decoded decoded = decode_packet(whole);
    if (!engine::is_wanted_fragment(decoded)) return act_on(decoded, whole, queue, plane);
    // What it borrows from the reassembler is copied before that writes anew.
    whole.bytes = decoded.payload;
    part = whole;
  }
  reassembler_->counters().add(ReassemblyCount::kOther);
}

void FragmentPath::expire(std::int64_t timer_now_ns, calls::CallPlane& plane) {
  Heads heads(*this, plane);
  reassembler_->expire(timer_now_ns, &heads);
}

void FragmentPath::finish(calls::CallPlane& plane) {
  Heads heads(*this, plane);
  reassembler_->finish(&heads);
}

// Also says where the packet is, by what is around what it carries.
engine::Decoded FragmentPath::decode_packet(engine::IpPacket& packet) const {
  engine::Decoded decoded;
  engine::decode_ip_packet(packet.bytes, rules_, decoded);
  if (realms_ != nullptr) packet.realm = realms_->of(packet.realm, decoded);
  if (packet.vlan == 0) packet.vlan = decoded.vlan;
  return decoded;
}

// `kind` is what the packet is told as, where it is told of.
ReassemblyCount FragmentPath::count_for(const engine::Decoded& decoded,
                                        const engine::IpPacket& packet,
                                        SignalKind& kind) {
  kind = SignalKind::kMessage;
  if (!decoded.is_udp) {
    const bool is_read = finder_.classify_stream(decoded) == engine::PacketClass::kTcp &&
                         finder_.takes(decoded, packet.realm, packet.time_ns);
    return is_read ? ReassemblyCount::kSip : ReassemblyCount::kOther;
  }
  switch (finder_.classify(decoded)) {
    case PayloadKind::kSip:
    case PayloadKind::kHep: return ReassemblyCount::kSip;
    case PayloadKind::kRtp: kind = SignalKind::kRtp; return ReassemblyCount::kMedia;
    case PayloadKind::kRtcp: kind = SignalKind::kRtcp; return ReassemblyCount::kMedia;
    default: return ReassemblyCount::kOther;
  }
}

void FragmentPath::act_on(const engine::Decoded& decoded,
                          const engine::IpPacket& packet,
                          std::uint16_t queue,
                          calls::CallPlane& plane) {
  SignalKind kind = SignalKind::kMessage;
  const ReassemblyCount count = count_for(decoded, packet, kind);
  reassembler_->counters().add(count);
  if (count == ReassemblyCount::kOther) return;
  const SignalMessage message = make_message(decoded, packet, kind);
  if (count == ReassemblyCount::kMedia) {
    media_.give(message, queue);
  } else {
    plane.on_message(message);
  }
}

// True for SIP over UDP: of all else a beginning is worth nothing.
bool FragmentPath::act_on_head(engine::IpPacket head, calls::CallPlane& plane) {
  const engine::Decoded decoded = decode_packet(head);
  if (!decoded.is_udp || finder_.classify(decoded) != PayloadKind::kSip) return false;
  reassembler_->counters().add(ReassemblyCount::kSipCut);
  plane.on_message(make_message(decoded, head, SignalKind::kMessage));
  return true;
}

}  // namespace tapdeck::apps
