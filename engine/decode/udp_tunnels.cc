#include "engine/decode/udp_tunnels.h"

#include "engine/decode/link.h"
#include "engine/decode/plausible.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kHeaderBytes = 8;     // of all three, without what is optional
constexpr std::size_t kGtpOptionBytes = 4;  // sequence number, N-PDU number, next extension's type
constexpr std::uint8_t kGtpPdu = 255;
constexpr int kGtpExtensionsMax = 8;

std::uint32_t vni_at(const std::uint8_t* from) { return load_be<std::uint32_t>(from) >> 8; }

// Reserved bits are to be ignored, but where they are in use (group policy: 0x88) the frame inside
// must speak for the tunnel.
bool open_vxlan(Walk& walk) {
  const std::uint8_t* header = walk.bytes.data();
  if ((header[0] & 0x7f) != 0x08) return false;
  const bool is_strict =
      load_be<std::uint32_t>(header) == 0x08000000 && header[7] == 0 && walk.length > kHeaderBytes;
  const ByteView inner = walk.bytes.subspan(kHeaderBytes);
  if (!is_strict && !plausible_ethernet(inner, walk.length - kHeaderBytes)) return false;
  if (!enter(walk)) return true;
  walk.out.vni = vni_at(header + 4);
  skip(walk, kHeaderBytes);
  walk.next = Layer::kEthernet;
  return true;
}

bool open_geneve(Walk& walk) {
  const std::uint8_t* header = walk.bytes.data();
  const std::size_t size = kHeaderBytes + (header[0] & 0x3fU) * 4U;
  const auto type = load_be<std::uint16_t>(header + 2);
  const bool is_known = type == kEtherBridged || type == kEtherIpv4 || type == kEtherIpv6 ||
                        type == kEtherMpls || type == kEtherMplsMulticast;
  const bool is_plain = header[0] >> 6 == 0 && (header[1] & 0x3f) == 0 && header[7] == 0;
  if (!is_plain || !is_known || size > walk.length) return false;
  if (!enter(walk) || !has(walk, size, PacketClass::kMalformedTunnel)) return true;
  walk.out.vni = vni_at(header + 4);
  skip(walk, size);
  if (type == kEtherBridged) {
    walk.next = Layer::kEthernet;
  } else {
    follow(walk, type);
  }
  return true;
}

// Steps over the extension headers; false, and the walk has stopped, when they do not fit.
bool skip_gtp_extensions(Walk& walk, std::uint8_t next) {
  for (int count = 0; next != 0; ++count) {
    if (count == kGtpExtensionsMax) {
      stop(walk, PacketClass::kTooDeep);
      return false;
    }
    if (!has(walk, 1, PacketClass::kMalformedTunnel)) return false;
    const std::size_t size = walk.bytes[0] * std::size_t{4};
    if (size == 0) {
      stop(walk, PacketClass::kMalformedTunnel);
      return false;
    }
    if (!has(walk, size, PacketClass::kMalformedTunnel)) return false;
    next = walk.bytes[size - 1];
    skip(walk, size);
  }
  return true;
}

bool open_gtp(Walk& walk) {
  const std::uint8_t* header = walk.bytes.data();
  const std::size_t length = load_be<std::uint16_t>(header + 2);
  const std::size_t rest = walk.length - kHeaderBytes;
  // Version 1, GTP and not GTP', the spare bit clear.
  if ((header[0] & 0xf8) != 0x30 || length > rest) return false;
  if (header[1] != kGtpPdu) {
    if (length != rest) return false;
    stop(walk, PacketClass::kOtherGtp);
    return true;
  }
  const bool has_options = (header[0] & 0x07) != 0;
  const bool has_extensions = (header[0] & 0x04) != 0;
  if (!enter(walk)) return true;
  skip(walk, kHeaderBytes);
  trim(walk, length);
  if (has_options) {
    if (!has(walk, kGtpOptionBytes, PacketClass::kMalformedTunnel)) return true;
    const std::uint8_t next = walk.bytes[3];
    skip(walk, kGtpOptionBytes);
    if (has_extensions && !skip_gtp_extensions(walk, next)) return true;
  }
  if (!has(walk, 1, PacketClass::kOtherGtp)) return true;
  const unsigned version = walk.bytes[0] >> 4;
  if (plausible_ethernet(walk.bytes, walk.length)) {
    walk.next = Layer::kEthernet;
  } else if (version == 4 || version == 6) {
    walk.next = Layer::kIp;
  } else {
    stop(walk, PacketClass::kOtherGtp);
  }
  return true;
}

}  // namespace

bool open_udp_tunnel(UdpTunnel tunnel, Walk& walk) {
  if (walk.bytes.size() < kHeaderBytes) return false;
  switch (tunnel) {
    case UdpTunnel::kVxlan: return open_vxlan(walk);
    case UdpTunnel::kGeneve: return open_geneve(walk);
    case UdpTunnel::kGtpU: return open_gtp(walk);
    case UdpTunnel::kNoTunnel: break;
  }
  return false;
}

}  // namespace tapdeck::engine
