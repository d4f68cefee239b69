// Layers below IP for decode(): Ethernet, what an EtherType names, LLC, VLAN tags, PPPoE and PPP.
// Threads: any.  Memory: none.  Bad input: a class.  IEEE 802.3, 802.1Q, 802.1ad, RFC 1042, RFC
// 2516, RFC 1661.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherArp = 0x0806;
constexpr std::uint16_t kEtherBridged = 0x6558;  // Ethernet in GRE or GENEVE
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherPpp = 0x880b;
constexpr std::uint16_t kEtherMpls = 0x8847;
constexpr std::uint16_t kEtherMplsMulticast = 0x8848;
constexpr std::uint16_t kEtherPppoeDiscovery = 0x8863;
constexpr std::uint16_t kEtherPppoe = 0x8864;
constexpr std::uint16_t kEtherServiceVlan = 0x88a8;
constexpr std::uint16_t kEtherOldServiceVlan = 0x9100;
constexpr std::uint16_t kLongestLlc = 1500;  // what is less than this is no EtherType but a length
constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kVlanBytes = 4;

inline bool is_vlan(std::uint16_t ethertype) {
  return ethertype == kEtherVlan || ethertype == kEtherServiceVlan ||
         ethertype == kEtherOldServiceVlan;
}

// Notes a tag's id; 0 is a priority without a VLAN.
inline void note_vlan(Decoded& out, std::uint16_t id) {
  if (id == 0) return;
  if (out.vlan == 0) out.vlan = id;
  out.inner_vlan = id;
}

void decode_ethernet(Walk& walk);
void decode_ethertype(Walk& walk);
void decode_llc(Walk& walk);
void decode_pppoe(Walk& walk);
void decode_ppp(Walk& walk);

}  // namespace tapdeck::engine
