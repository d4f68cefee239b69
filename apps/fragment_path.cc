#include "apps/fragment_path.h"

#include <utility>

namespace tapdeck::apps {
namespace {

using engine::PayloadKind;
using engine::ReassemblyCount;

// Fragments in a tunnel whose packets are fragmented: each is put together by itself.
constexpr int kNestedMax = 4;

}  // namespace

Result<std::unique_ptr<FragmentPath>> FragmentPath::create(const engine::ReassemblyOptions& options,
                                                           const engine::WorkerOptions& worker) {
  Result<std::unique_ptr<engine::Reassembler>> reassembler = engine::Reassembler::create(options);
  if (!reassembler) return reassembler.error();
  Result<engine::SipDetector> detector = engine::SipDetector::create();
  if (!detector) return detector.error();
  std::unique_ptr<FragmentPath> path(
      new FragmentPath(std::move(*reassembler), std::move(*detector), worker));
  if (path->arena_.failed()) {
    return make_error(ErrorCode::kResources,
                      "No memory for the table of connections that came in fragments.");
  }
  return path;
}

FragmentPath::FragmentPath(std::unique_ptr<engine::Reassembler> reassembler,
                           engine::SipDetector detector,
                           const engine::WorkerOptions& worker)
    : reassembler_(std::move(reassembler)),
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
  for (int depth = 0; depth < kNestedMax; ++depth) {
    engine::IpPacket whole;
    if (!reassembler_->add(part, timer_now_ns, whole)) return;
    engine::Decoded decoded;
    engine::decode_ip_packet(whole.bytes, rules_, decoded);
    if (realms_ != nullptr) whole.realm = realms_->of(whole.realm, decoded);
    if (whole.vlan == 0) whole.vlan = decoded.vlan;
    if (!engine::is_wanted_fragment(decoded)) return act_on(decoded, whole, plane);
    // What it borrows from the reassembler is copied before that writes anew.
    whole.bytes = decoded.payload;
    part = whole;
  }
  reassembler_->counters().add(ReassemblyCount::kOther);
}

ReassemblyCount FragmentPath::count_for(const engine::Decoded& decoded,
                                        const engine::IpPacket& packet) {
  if (!decoded.is_udp) {
    const bool is_read = finder_.classify_stream(decoded) == engine::PacketClass::kTcp &&
                         finder_.takes(decoded, packet.realm, packet.time_ns);
    return is_read ? ReassemblyCount::kSip : ReassemblyCount::kOther;
  }
  switch (finder_.classify(decoded)) {
    case PayloadKind::kSip:
    case PayloadKind::kHep: return ReassemblyCount::kSip;
    case PayloadKind::kRtp:
    case PayloadKind::kRtcp: return ReassemblyCount::kMedia;
    default: return ReassemblyCount::kOther;
  }
}

void FragmentPath::act_on(const engine::Decoded& decoded,
                          const engine::IpPacket& packet,
                          calls::CallPlane& plane) {
  const ReassemblyCount count = count_for(decoded, packet);
  reassembler_->counters().add(count);
  if (count != ReassemblyCount::kSip) return;
  const auto length = static_cast<std::uint32_t>(decoded.payload.size());
  plane.on_message({.time_ns = packet.time_ns,
                    .order = packet.order,
                    .source = decoded.source,
                    .destination = decoded.destination,
                    .realm = packet.realm,
                    .port_index = packet.port_index,
                    .vlan = packet.vlan,
                    .ip_id = decoded.ip_id,
                    .transport = decoded.is_tcp ? SignalTransport::kTcp : SignalTransport::kUdp,
                    .tcp_flags = decoded.tcp_flags,
                    .tcp_sequence = decoded.tcp_sequence,
                    .missing_bytes = decoded.payload_length - length,
                    .length = length,
                    .bytes = decoded.payload.data()});
}

}  // namespace tapdeck::apps
