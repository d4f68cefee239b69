#include "engine/decode/plausible.h"

#include "engine/decode/link.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kTagsMax = 8;

bool plausible_arp(ByteView bytes) {
  return bytes.size() >= 4 && load_be<std::uint16_t>(bytes.data()) == 1 &&
         load_be<std::uint16_t>(bytes.data() + 2) == kEtherIpv4;
}

}  // namespace

bool plausible_ipv4(ByteView bytes, std::size_t length) {
  if (bytes.size() < 20 || bytes[0] >> 4 != 4) return false;
  const std::size_t header = (bytes[0] & 0x0fU) * 4U;
  const std::size_t total = load_be<std::uint16_t>(bytes.data() + 2);
  return header >= 20 && (total == 0 || (total >= header && total <= length));
}

bool plausible_ipv6(ByteView bytes, std::size_t length) {
  if (bytes.size() < 40 || bytes[0] >> 4 != 6) return false;
  return load_be<std::uint16_t>(bytes.data() + 4) + std::size_t{40} <= length;
}

bool plausible_ethernet(ByteView bytes, std::size_t length) {
  if (bytes.size() < kEthernetBytes) return false;
  auto type = load_be<std::uint16_t>(bytes.data() + 12);
  std::size_t at = kEthernetBytes;
  for (std::size_t tags = 0; is_vlan(type) && tags < kTagsMax; ++tags) {
    if (bytes.size() < at + kVlanBytes) return false;
    type = load_be<std::uint16_t>(bytes.data() + at + 2);
    at += kVlanBytes;
  }
  const ByteView rest = bytes.subspan(at);
  switch (type) {
    case kEtherIpv4: return plausible_ipv4(rest, length - at);
    case kEtherIpv6: return plausible_ipv6(rest, length - at);
    case kEtherArp: return plausible_arp(rest);
    default: break;
  }
  // A spanning tree's LLC: its SAP twice.
  return type <= kLongestLlc && type <= length - at && rest.size() >= 3 && rest[0] == 0x42 &&
         rest[1] == 0x42;
}

}  // namespace tapdeck::engine
