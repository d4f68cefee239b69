#include "engine/decode/decode.h"

#include "engine/decode/ip.h"
#include "engine/decode/link.h"
#include "engine/decode/mpls.h"
#include "engine/packet.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kCookedBytes = 16;
constexpr std::size_t kCooked2Bytes = 20;
constexpr std::size_t kErfBytes = 16;
constexpr std::size_t kErfExtensionBytes = 8;
constexpr int kErfExtensionsMax = 8;

// Moves behind a link header of `size` bytes, of which the EtherType is at `type_at`.
void decode_cooked(Walk& walk, std::size_t size, std::size_t type_at) {
  if (!has(walk, size, PacketClass::kMalformedLink)) return;
  follow(walk, load_be<std::uint16_t>(walk.bytes.data() + type_at));
  skip(walk, size);
}

// BSD loopback: the address family in the capturing host's byte order (null) or network order
// (loop).  IPv6 has a number per system.
void decode_family(Walk& walk) {
  if (!has(walk, 4, PacketClass::kMalformedLink)) return;
  std::uint32_t family = load_be<std::uint32_t>(walk.bytes.data());
  if (family > 0xffff) family = load_le<std::uint32_t>(walk.bytes.data());
  skip(walk, 4);
  switch (family) {
    case 2: walk.next = Layer::kIpv4; return;
    case 10:
    case 24:
    case 28:
    case 30: walk.next = Layer::kIpv6; return;
    default: return stop(walk, PacketClass::kOtherEthertype);
  }
}

// Endace's record: its header, extensions as long as their first bit says so, and for Ethernet two
// bytes of alignment.
void decode_erf(Walk& walk) {
  if (!has(walk, kErfBytes, PacketClass::kMalformedLink)) return;
  const std::uint8_t type = walk.bytes[8];
  const std::size_t wire_length = load_be<std::uint16_t>(walk.bytes.data() + 14);
  bool more = (type & 0x80) != 0;
  skip(walk, kErfBytes);
  for (int count = 0; more; ++count) {
    if (count == kErfExtensionsMax) return stop(walk, PacketClass::kMalformedLink);
    if (!has(walk, kErfExtensionBytes, PacketClass::kMalformedLink)) return;
    more = (walk.bytes[0] & 0x80) != 0;
    skip(walk, kErfExtensionBytes);
  }
  switch (type & 0x7f) {
    case 2:     // Ethernet
    case 11:    // the same with a colour
    case 16:    // the same with a counter
    case 20: {  // the same with both
      if (!has(walk, 2, PacketClass::kMalformedLink)) return;
      skip(walk, 2);
      // The record may be padded; the wire's length counts the check sequence, too.
      if (wire_length < walk.length) trim(walk, wire_length);
      walk.next = Layer::kEthernet;
      return;
    }
    case 22:  // IPv4
    case 23: walk.next = Layer::kIp; return;
    default: return stop(walk, PacketClass::kOtherEthertype);
  }
}

void decode_link(Walk& walk, LinkType link_type) {
  switch (link_type) {
    case LinkType::kEthernet: return decode_ethernet(walk);
    case LinkType::kLinuxCooked: return decode_cooked(walk, kCookedBytes, 14);
    case LinkType::kLinuxCooked2: return decode_cooked(walk, kCooked2Bytes, 0);
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kRawOpenBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6: walk.next = Layer::kIp; return;
    case LinkType::kNull:
    case LinkType::kLoop: return decode_family(walk);
    case LinkType::kErf: return decode_erf(walk);
  }
  stop(walk, PacketClass::kMalformedLink);
}

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
