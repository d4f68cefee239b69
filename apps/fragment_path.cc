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
  return std::unique_ptr<FragmentPath>(new FragmentPath(std::move(*reassembler), worker));
}

FragmentPath::FragmentPath(std::unique_ptr<engine::Reassembler> reassembler,
                           const engine::WorkerOptions& worker)
    : reassembler_(std::move(reassembler)), rules_(worker.decode), realms_(worker.realms) {
  for (const std::uint16_t port : worker.sip_ports) sip_ports_.add(port);
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

void FragmentPath::act_on(const engine::Decoded& decoded,
                          const engine::IpPacket& packet,
                          calls::CallPlane& plane) {
  const PayloadKind kind =
      decoded.is_udp ? engine::classify_udp(decoded, sip_ports_) : PayloadKind::kOther;
  if (kind == PayloadKind::kRtp || kind == PayloadKind::kRtcp) {
    return reassembler_->counters().add(ReassemblyCount::kMedia);
  }
  if (kind != PayloadKind::kSip) return reassembler_->counters().add(ReassemblyCount::kOther);
  reassembler_->counters().add(ReassemblyCount::kSip);
  plane.on_message({.time_ns = packet.time_ns,
                    .order = packet.order,
                    .source = decoded.source,
                    .destination = decoded.destination,
                    .realm = packet.realm,
                    .port_index = packet.port_index,
                    .vlan = packet.vlan,
                    .length = static_cast<std::uint32_t>(decoded.payload.size()),
                    .bytes = decoded.payload.data()});
}

}  // namespace tapdeck::apps
