#include "engine/packet.h"

#include <cstring>

#include <rte_errno.h>

namespace tapdeck::engine {

bool link_type_known(std::uint16_t link_type) {
  switch (static_cast<LinkType>(link_type)) {
    case LinkType::kNull:
    case LinkType::kEthernet:
    case LinkType::kRawBsd:
    case LinkType::kRawOpenBsd:
    case LinkType::kRaw:
    case LinkType::kLoop:
    case LinkType::kLinuxCooked:
    case LinkType::kErf:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
    case LinkType::kPpp:
    case LinkType::kPppSerial:
    case LinkType::kPppEthernet:
    case LinkType::kPppDirected:
    case LinkType::kCiscoHdlc:
    case LinkType::kIeee80211:
    case LinkType::kRadiotap:
    case LinkType::kNflog:
    case LinkType::kPflog:
    case LinkType::kLinuxCooked2: return true;
  }
  return false;
}

Result<int> register_packet_note() {
  rte_mbuf_dynfield field{};
  constexpr char kName[] = "tapdeck_packet_note";
  static_assert(sizeof kName <= sizeof field.name);
  std::memcpy(field.name, kName, sizeof kName);
  field.size = sizeof(PacketNote);
  field.align = alignof(PacketNote);
  const int offset = rte_mbuf_dynfield_register(&field);
  if (offset < 0) {
    return make_errno_error(
        ErrorCode::kResources, "No room for Tapdeck's note in DPDK's packet buffers", rte_errno);
  }
  return offset;
}

}  // namespace tapdeck::engine
