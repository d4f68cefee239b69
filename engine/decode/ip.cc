#include "engine/decode/ip.h"

#include "engine/decode/esp.h"
#include "engine/decode/gre.h"
#include "engine/decode/tcp.h"
#include "engine/decode/udp_tunnels.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kUdpBytes = 8;
constexpr std::size_t kSctpBytes = 12;
constexpr std::size_t kAuthenticationBytes = 12;

void take_ports(Walk& walk) {
  walk.out.source.port = load_be<std::uint16_t>(walk.bytes.data());
  walk.out.destination.port = load_be<std::uint16_t>(walk.bytes.data() + 2);
}

void take_payload(Walk& walk) {
  walk.out.payload = walk.bytes;
  walk.out.payload_length = static_cast<std::uint32_t>(walk.length);
}

void decode_udp(Walk& walk) {
  if (walk.length < kUdpBytes) return stop(walk, PacketClass::kMalformedUdp);
  if (!has(walk, kUdpBytes, PacketClass::kMalformedUdp)) return;
  const std::size_t length = load_be<std::uint16_t>(walk.bytes.data() + 4);
  if (length < kUdpBytes || length > walk.length) return stop(walk, PacketClass::kMalformedUdp);
  take_ports(walk);
  skip(walk, kUdpBytes);
  trim(walk, length - kUdpBytes);
  const UdpTunnel tunnel = walk.rules.tunnels.find(walk.out.destination.port);
  if (tunnel != UdpTunnel::kNoTunnel && open_udp_tunnel(tunnel, walk)) return;
  const bool is_on_esp_port =
      walk.out.source.port == kEspPort || walk.out.destination.port == kEspPort;
  if (is_on_esp_port && open_esp_in_udp(walk)) return;
  take_payload(walk);
  walk.out.is_udp = true;
  walk.next = Layer::kDone;
}

void decode_segment(Walk& walk) {
  decode_tcp(walk.bytes, walk.length, walk.out);
  walk.next = Layer::kDone;
}

void decode_sctp(Walk& walk) {
  stop(walk, PacketClass::kSctp);
  if (walk.bytes.size() < kSctpBytes) return;
  take_ports(walk);
  skip(walk, kSctpBytes);
  take_payload(walk);
}

void decode_authentication(Walk& walk) {
  if (!enter(walk) || !has(walk, kAuthenticationBytes, PacketClass::kMalformedIp)) return;
  const std::uint8_t next = walk.bytes[0];
  const std::size_t header = (walk.bytes[1] + 2U) * 4U;
  if (!has(walk, header, PacketClass::kMalformedIp)) return;
  skip(walk, header);
  walk.protocol = next;
  walk.next = Layer::kProtocol;
}

void stop_at_fragment(Walk& walk, ByteView packet, std::size_t length, std::uint8_t protocol) {
  walk.out.payload = packet.first(std::min(packet.size(), length));
  walk.out.payload_length = static_cast<std::uint32_t>(length);
  walk.out.fragment_protocol = protocol;
  stop(walk, PacketClass::kIpFragment);
}

bool is_extension(std::uint8_t protocol) {
  return protocol == kProtocolHopByHop || protocol == kProtocolRouting ||
         protocol == kProtocolFragment || protocol == kProtocolAuthentication ||
         protocol == kProtocolDestinationOptions;
}

}  // namespace

void decode_protocol(Walk& walk) {
  switch (walk.protocol) {
    case kProtocolUdp: return decode_udp(walk);
    case kProtocolTcp: return decode_segment(walk);
    case kProtocolSctp: return decode_sctp(walk);
    case kProtocolIcmp:
    case kProtocolIcmp6: return stop(walk, PacketClass::kIcmp);
    case kProtocolIpv4:
      if (enter(walk)) walk.next = Layer::kIpv4;
      return;
    case kProtocolIpv6:
      if (enter(walk)) walk.next = Layer::kIpv6;
      return;
    case kProtocolGre: return decode_gre(walk);
    case kProtocolEsp: return decode_esp(walk);
    case kProtocolAuthentication: return decode_authentication(walk);
    case kProtocolMpls: walk.next = Layer::kMpls; return;
    default: return stop(walk, PacketClass::kOtherIpProtocol);
  }
}

void decode_ipv4(Walk& walk) {
  if (!has(walk, kIpv4Bytes, PacketClass::kMalformedIp)) return;
  const ByteView bytes = walk.bytes;
  const std::size_t header = (bytes[0] & 0x0fU) * 4U;
  if (bytes[0] >> 4 != 4 || header < kIpv4Bytes) return stop(walk, PacketClass::kMalformedIp);
  std::size_t total = load_be<std::uint16_t>(bytes.data() + 2);
  // Left empty by segmentation offload on the capturing host.
  if (total == 0) total = walk.length;
  // A total beyond the frame means that the frame lost its tail without saying so: headers count.
  if (total < header) return stop(walk, PacketClass::kMalformedIp);
  const auto fragment = load_be<std::uint16_t>(bytes.data() + 6);
  if ((fragment & 0x3fff) != 0) return stop_at_fragment(walk, bytes, total, bytes[9]);
  if (!has(walk, header, PacketClass::kMalformedIp)) return;
  walk.out.ip_id = load_be<std::uint16_t>(bytes.data() + 4);
  walk.out.source.ip.bytes = mapped_ipv4(bytes.data() + 12);
  walk.out.destination.ip.bytes = mapped_ipv4(bytes.data() + 16);
  walk.bytes = bytes.first(std::min(bytes.size(), total)).subspan(header);
  walk.length = total - header;
  walk.protocol = bytes[9];
  walk.next = Layer::kProtocol;
}

void decode_ipv6(Walk& walk) {
  if (!has(walk, kIpv6Bytes, PacketClass::kMalformedIp)) return;
  const ByteView packet = walk.bytes;
  if (packet[0] >> 4 != 6) return stop(walk, PacketClass::kMalformedIp);
  std::size_t length = load_be<std::uint16_t>(packet.data() + 4);
  if (length == 0) length = walk.length - kIpv6Bytes;  // offload, as above
  const std::size_t packet_length = kIpv6Bytes + length;
  walk.out.ip_id = 0;
  std::memcpy(walk.out.source.ip.bytes.data(), packet.data() + 8, 16);
  std::memcpy(walk.out.destination.ip.bytes.data(), packet.data() + 24, 16);
  walk.bytes = packet.subspan(kIpv6Bytes, std::min(packet.size() - kIpv6Bytes, length));
  walk.length = length;
  std::uint8_t next = packet[6];
  for (int count = 0; is_extension(next); ++count) {
    if (count == kExtensionsMax) return stop(walk, PacketClass::kTooDeep);
    if (!has(walk, 8, PacketClass::kMalformedIp)) return;
    const std::uint8_t* at = walk.bytes.data();
    // An atomic fragment (RFC 6946) is a whole packet.
    if (next == kProtocolFragment && (load_be<std::uint16_t>(at + 2) & 0xfff9) != 0) {
      return stop_at_fragment(walk, packet, packet_length, at[0]);
    }
    std::size_t header = next == kProtocolFragment ? 8U : (at[1] + 1U) * 8U;
    if (next == kProtocolAuthentication) header = (at[1] + 2U) * 4U;
    if (header > walk.length) return stop(walk, PacketClass::kMalformedIp);
    if (!has(walk, header, PacketClass::kMalformedIp)) return;
    next = at[0];
    skip(walk, header);
  }
  walk.protocol = next;
  walk.next = Layer::kProtocol;
}

void decode_ip(Walk& walk) {
  if (!has(walk, 1, PacketClass::kMalformedLink)) return;
  switch (walk.bytes[0] >> 4) {
    case 4: return decode_ipv4(walk);
    case 6: return decode_ipv6(walk);
    default: return stop(walk, PacketClass::kMalformedIp);
  }
}

}  // namespace tapdeck::engine
