#include "engine/decode/link.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kPppoeBytes = 6;
constexpr std::uint16_t kPppIpv4 = 0x0021;
constexpr std::uint16_t kPppIpv6 = 0x0057;
constexpr std::uint16_t kPppMpls = 0x0281;
constexpr std::uint16_t kPppAllStations = 0xff03;

constexpr std::size_t kSnapBytes = 8;

// Of a frame or a tag: what stands for the EtherType may be a length (IEEE 802.3).
void follow_type_or_length(Walk& walk, std::uint16_t type) {
  if (type > kLongestLlc) return follow(walk, type);
  if (type <= walk.length) trim(walk, type);
  decode_llc(walk);
}

void decode_vlan(Walk& walk) {
  if (!enter(walk) || !has(walk, kVlanBytes, PacketClass::kMalformedLink)) return;
  const auto id = load_be<std::uint16_t>(walk.bytes.data());
  const auto type = load_be<std::uint16_t>(walk.bytes.data() + 2);
  note_vlan(walk.out, id & 0x0fff);
  skip(walk, kVlanBytes);
  follow_type_or_length(walk, type);
}

}  // namespace

void decode_ethernet(Walk& walk) {
  if (!has(walk, kEthernetBytes, PacketClass::kMalformedLink)) return;
  const auto type = load_be<std::uint16_t>(walk.bytes.data() + 12);
  skip(walk, kEthernetBytes);
  follow_type_or_length(walk, type);
}

// SNAP names an EtherType; other protocols over LLC, spanning trees for one, are no IP.
void decode_llc(Walk& walk) {
  if (!has(walk, kSnapBytes, PacketClass::kOtherEthertype)) return;
  const std::uint8_t* header = walk.bytes.data();
  const auto type = load_be<std::uint16_t>(header + 6);
  const bool is_snap = header[0] == 0xaa && header[1] == 0xaa && header[2] == 0x03 &&
                       header[3] == 0 && header[4] == 0 && header[5] == 0;
  if (!is_snap || type <= kLongestLlc) return stop(walk, PacketClass::kOtherEthertype);
  skip(walk, kSnapBytes);
  follow(walk, type);
}

void decode_pppoe(Walk& walk) {
  if (!enter(walk) || !has(walk, kPppoeBytes, PacketClass::kMalformedTunnel)) return;
  const std::uint8_t* header = walk.bytes.data();
  const std::size_t length = load_be<std::uint16_t>(header + 4);
  const bool is_session = header[0] == 0x11 && header[1] == 0;
  skip(walk, kPppoeBytes);
  if (!is_session || length > walk.length) return stop(walk, PacketClass::kMalformedTunnel);
  trim(walk, length);
  walk.next = Layer::kPpp;
}

void decode_ethertype(Walk& walk) {
  switch (walk.ethertype) {
    case kEtherIpv4: walk.next = Layer::kIpv4; return;
    case kEtherIpv6: walk.next = Layer::kIpv6; return;
    case kEtherMpls:
    case kEtherMplsMulticast: walk.next = Layer::kMpls; return;
    case kEtherVlan:
    case kEtherServiceVlan:
    case kEtherOldServiceVlan: return decode_vlan(walk);
    case kEtherPppoe: return decode_pppoe(walk);
    case kEtherPppoeDiscovery: return stop(walk, PacketClass::kPppoeDiscovery);
    case kEtherArp: return stop(walk, PacketClass::kArp);
    default: return stop(walk, PacketClass::kOtherEthertype);
  }
}

// The protocol number has one byte when that is odd, which is how PPP compresses it.
void decode_ppp(Walk& walk) {
  const bool has_address =
      walk.bytes.size() >= 2 && load_be<std::uint16_t>(walk.bytes.data()) == kPppAllStations;
  if (has_address) skip(walk, 2);
  if (!has(walk, 2, PacketClass::kMalformedTunnel)) return;
  const bool is_short = (walk.bytes[0] & 1U) != 0;
  const std::uint16_t protocol =
      is_short ? walk.bytes[0] : load_be<std::uint16_t>(walk.bytes.data());
  skip(walk, is_short ? 1 : 2);
  switch (protocol) {
    case kPppIpv4: walk.next = Layer::kIpv4; return;
    case kPppIpv6: walk.next = Layer::kIpv6; return;
    case kPppMpls: walk.next = Layer::kMpls; return;
    default: return stop(walk, PacketClass::kOtherPpp);
  }
}

}  // namespace tapdeck::engine
