#include "engine/decode/decode.h"

#include "engine/decode/ip.h"
#include "engine/decode/link.h"
#include "engine/decode/link_types.h"
#include "engine/decode/mpls.h"

namespace tapdeck::engine {
namespace {

// Ends: each step moves forward, stops, or names a layer that does.
void finish_walk(Walk& walk) {
  while (walk.next != Layer::kDone) {
    switch (walk.next) {
      case Layer::kEthernet: decode_ethernet(walk); break;
      case Layer::kEtherType: decode_ethertype(walk); break;
      case Layer::kPpp: decode_ppp(walk); break;
      case Layer::kMpls: decode_mpls(walk); break;
      case Layer::kIpv4: decode_ipv4(walk); break;
      case Layer::kIpv6: decode_ipv6(walk); break;
      case Layer::kIp: decode_ip(walk); break;
      case Layer::kProtocol: decode_protocol(walk); break;
      case Layer::kDone: break;
    }
  }
}

}  // namespace

void decode(const FrameView& captured, const DecodeRules& rules, Decoded& out) {
  out = Decoded{};
  Walk walk{.rules = rules, .out = out};
  walk.bytes = captured.bytes;
  walk.length = std::max<std::size_t>(captured.original_length, captured.bytes.size());
  decode_link(walk, static_cast<LinkType>(captured.link_type));
  finish_walk(walk);
}

void decode_ip_packet(ByteView packet, const DecodeRules& rules, Decoded& out) {
  out = Decoded{};
  Walk walk{.rules = rules, .out = out};
  walk.bytes = packet;
  walk.length = packet.size();
  walk.next = Layer::kIp;
  finish_walk(walk);
}

}  // namespace tapdeck::engine
