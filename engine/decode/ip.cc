#include "engine/decode/ip.h"

#include <algorithm>

#include "engine/decode/tcp.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr std::size_t kUdpBytes = 8;
constexpr int kExtensionsMax = 8;

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmp6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kSctp = 132;

// What IP carries: captured bytes and its length on the wire.
struct IpPayload {
  ByteView bytes;
  std::size_t length = 0;
};

void finish(Decoded& out, PacketClass packet_class) { out.packet_class = packet_class; }

bool was_cut(const FrameView& frame) { return frame.original_length > frame.bytes.size(); }

void short_ip(const FrameView& frame, Decoded& out) {
  finish(out, was_cut(frame) ? PacketClass::kTruncated : PacketClass::kMalformedIp);
}

void decode_udp(const IpPayload& ip, Decoded& out) {
  if (ip.length < kUdpBytes) return finish(out, PacketClass::kMalformedUdp);
  if (ip.bytes.size() < kUdpBytes) return finish(out, PacketClass::kTruncated);
  const std::size_t length = load_be<std::uint16_t>(ip.bytes.data() + 4);
  if (length < kUdpBytes || length > ip.length) return finish(out, PacketClass::kMalformedUdp);
  out.source.port = load_be<std::uint16_t>(ip.bytes.data());
  out.destination.port = load_be<std::uint16_t>(ip.bytes.data() + 2);
  out.payload_length = static_cast<std::uint32_t>(length - kUdpBytes);
  out.payload = ip.bytes.subspan(
      kUdpBytes, std::min<std::size_t>(out.payload_length, ip.bytes.size() - kUdpBytes));
  out.is_udp = true;
}

void decode_protocol(const IpPayload& ip, std::uint8_t protocol, Decoded& out) {
  switch (protocol) {
    case kUdp: return decode_udp(ip, out);
    case kTcp: return decode_tcp(ip.bytes, ip.length, out);
    case kSctp: return finish(out, PacketClass::kSctp);
    case kIcmp:
    case kIcmp6: return finish(out, PacketClass::kIcmp);
    default: return finish(out, PacketClass::kOtherIpProtocol);
  }
}

IpAddress mapped_ipv4(const std::uint8_t* from) {
  IpAddress address;
  address.bytes[10] = 0xff;
  address.bytes[11] = 0xff;
  std::memcpy(address.bytes.data() + 12, from, 4);
  return address;
}

}  // namespace

void decode_ipv4(const FrameView& frame, std::size_t offset, Decoded& out) {
  const ByteView bytes = frame.bytes.subspan(offset);
  if (bytes.size() < kIpv4Bytes) return short_ip(frame, out);
  const std::size_t header = (bytes[0] & 0x0fU) * 4U;
  if (bytes[0] >> 4 != 4 || header < kIpv4Bytes) return finish(out, PacketClass::kMalformedIp);
  std::size_t total = load_be<std::uint16_t>(bytes.data() + 2);
  // Left empty by segmentation offload on the capturing host.
  if (total == 0) total = frame.original_length - offset;
  // A total beyond the frame means that the frame lost its tail without saying so: headers count.
  if (total < header) return finish(out, PacketClass::kMalformedIp);
  const auto fragment = load_be<std::uint16_t>(bytes.data() + 6);
  if ((fragment & 0x3fff) != 0) return finish(out, PacketClass::kIpFragment);
  if (bytes.size() < header) return short_ip(frame, out);
  out.ip_id = load_be<std::uint16_t>(bytes.data() + 4);
  out.source.ip = mapped_ipv4(bytes.data() + 12);
  out.destination.ip = mapped_ipv4(bytes.data() + 16);
  const std::size_t captured = std::min(bytes.size(), total);
  decode_protocol({bytes.subspan(header, captured - header), total - header}, bytes[9], out);
}

void decode_ipv6(const FrameView& frame, std::size_t offset, Decoded& out) {
  const ByteView bytes = frame.bytes.subspan(offset);
  if (bytes.size() < kIpv6Bytes) return short_ip(frame, out);
  if (bytes[0] >> 4 != 6) return finish(out, PacketClass::kMalformedIp);
  std::size_t length = load_be<std::uint16_t>(bytes.data() + 4);
  if (length == 0) length = frame.original_length - offset - kIpv6Bytes;  // offload, as above
  std::memcpy(out.source.ip.bytes.data(), bytes.data() + 8, 16);
  std::memcpy(out.destination.ip.bytes.data(), bytes.data() + 24, 16);
  IpPayload ip{bytes.subspan(kIpv6Bytes, std::min(bytes.size() - kIpv6Bytes, length)), length};
  std::uint8_t next = bytes[6];
  for (int count = 0; count < kExtensionsMax; ++count) {
    const bool is_extension = next == kHopByHop || next == kRouting || next == kFragment ||
                              next == kAuthentication || next == kDestinationOptions;
    if (!is_extension) return decode_protocol(ip, next, out);
    if (ip.length < 8) return finish(out, PacketClass::kMalformedIp);
    if (ip.bytes.size() < 8) return finish(out, PacketClass::kTruncated);
    if (next == kFragment) {
      // An atomic fragment (RFC 6946) is a whole packet.
      if ((load_be<std::uint16_t>(ip.bytes.data() + 2) & 0xfff9) != 0) {
        return finish(out, PacketClass::kIpFragment);
      }
    }
    std::size_t header = next == kFragment ? 8U : (ip.bytes[1] + 1U) * 8U;
    if (next == kAuthentication) header = (ip.bytes[1] + 2U) * 4U;
    if (header > ip.length) return finish(out, PacketClass::kMalformedIp);
    if (header > ip.bytes.size()) return finish(out, PacketClass::kTruncated);
    next = ip.bytes[0];
    ip.bytes = ip.bytes.subspan(header);
    ip.length -= header;
  }
  finish(out, PacketClass::kOtherIpProtocol);
}

}  // namespace tapdeck::engine
