#include "engine/decode/decode.h"

#include "engine/decode/ip.h"
#include "engine/packet.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherArp = 0x0806;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherServiceVlan = 0x88a8;
constexpr std::uint16_t kEtherOldServiceVlan = 0x9100;
constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kVlanBytes = 4;
constexpr int kTagsMax = 4;

void finish(Decoded& out, PacketClass packet_class) { out.packet_class = packet_class; }

// A link header that does not fit: cut by the capture, or never whole.
void short_link(const FrameView& frame, Decoded& out) {
  finish(out,
         frame.original_length > frame.bytes.size() ? PacketClass::kTruncated
                                                    : PacketClass::kMalformedLink);
}

// Follows `ethertype` at `offset`, through tags, to IP.
void decode_ethertype(const FrameView& frame,
                      std::uint16_t ethertype,
                      std::size_t offset,
                      Decoded& out) {
  for (int tags = 0; ethertype == kEtherVlan || ethertype == kEtherServiceVlan ||
                     ethertype == kEtherOldServiceVlan;
       ++tags) {
    if (tags == kTagsMax) return finish(out, PacketClass::kOtherEthertype);
    if (frame.bytes.size() < offset + kVlanBytes) return short_link(frame, out);
    const auto tag = load_be<std::uint16_t>(frame.bytes.data() + offset);
    if (tags == 0) out.vlan = static_cast<std::uint16_t>(tag & 0x0fff);
    ethertype = load_be<std::uint16_t>(frame.bytes.data() + offset + 2);
    offset += kVlanBytes;
  }
  switch (ethertype) {
    case kEtherIpv4: return decode_ipv4(frame, offset, out);
    case kEtherIpv6: return decode_ipv6(frame, offset, out);
    case kEtherArp: return finish(out, PacketClass::kArp);
    default: return finish(out, PacketClass::kOtherEthertype);
  }
}

// The link type says only "IP"; the version is in the first nibble.
void decode_raw_ip(const FrameView& frame, std::size_t offset, Decoded& out) {
  if (frame.bytes.size() <= offset) return short_link(frame, out);
  switch (frame.bytes[offset] >> 4) {
    case 4: return decode_ipv4(frame, offset, out);
    case 6: return decode_ipv6(frame, offset, out);
    default: return finish(out, PacketClass::kMalformedIp);
  }
}

// BSD loopback: the address family in the capturing host's byte order (null) or network order
// (loop).  IPv6 has a number per system.
void decode_family(const FrameView& frame, Decoded& out) {
  if (frame.bytes.size() < 4) return short_link(frame, out);
  std::uint32_t family = load_be<std::uint32_t>(frame.bytes.data());
  if (family > 0xffff) family = load_le<std::uint32_t>(frame.bytes.data());
  switch (family) {
    case 2: return decode_ipv4(frame, 4, out);
    case 10:
    case 24:
    case 28:
    case 30: return decode_ipv6(frame, 4, out);
    default: return finish(out, PacketClass::kOtherEthertype);
  }
}

}  // namespace

void decode(const FrameView& captured, Decoded& out) {
  out = Decoded{};
  FrameView frame = captured;
  const auto length = static_cast<std::uint32_t>(frame.bytes.size());
  if (frame.original_length < length) frame.original_length = length;
  switch (static_cast<LinkType>(frame.link_type)) {
    case LinkType::kEthernet:
      if (frame.bytes.size() < kEthernetBytes) return short_link(frame, out);
      return decode_ethertype(
          frame, load_be<std::uint16_t>(frame.bytes.data() + 12), kEthernetBytes, out);
    case LinkType::kLinuxCooked:
      if (frame.bytes.size() < 16) return short_link(frame, out);
      return decode_ethertype(frame, load_be<std::uint16_t>(frame.bytes.data() + 14), 16, out);
    case LinkType::kLinuxCooked2:
      if (frame.bytes.size() < 20) return short_link(frame, out);
      return decode_ethertype(frame, load_be<std::uint16_t>(frame.bytes.data()), 20, out);
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kRawOpenBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6: return decode_raw_ip(frame, 0, out);
    case LinkType::kNull:
    case LinkType::kLoop: return decode_family(frame, out);
  }
  finish(out, PacketClass::kMalformedLink);
}

}  // namespace tapdeck::engine
