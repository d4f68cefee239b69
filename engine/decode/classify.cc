#include "engine/decode/classify.h"

#include <algorithm>

#include "engine/decode/ip.h"
#include "engine/rtp/header.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kStunCookie = 0x2112a442;

// CRLF, double CRLF or NULs keep a NAT binding open (RFC 5626, and habit).
bool is_keepalive(ByteView payload) {
  return payload.size() <= 8 && std::all_of(payload.begin(), payload.end(), [](std::uint8_t byte) {
           return byte == '\r' || byte == '\n' || byte == 0 || byte == ' ';
         });
}

bool is_stun(ByteView payload) {
  return payload.size() >= 20 && payload[0] <= 3 &&
         load_be<std::uint32_t>(payload.data() + 4) == kStunCookie;
}

bool is_dtls(ByteView payload) {
  return payload.size() >= 13 && payload[0] >= 20 && payload[0] <= 63 && payload[1] == 0xfe &&
         payload[2] >= 0xfc;
}

constexpr std::uint32_t kZrtpCookie = 0x5a525450;
constexpr std::size_t kZrtpBytes = 24;   // its header, and of the message preamble, length and type
constexpr std::size_t kZrtpTypeAt = 16;  // eight letters

bool is_zrtp(ByteView payload) {
  return payload.size() >= kZrtpBytes && payload[0] == 0x10 &&
         load_be<std::uint32_t>(payload.data() + 4) == kZrtpCookie;
}

constexpr std::size_t kTlsRecordBytes = 5;
constexpr std::size_t kSctpChunkBytes = 4;
constexpr std::size_t kSctpDataBytes = 16;
constexpr int kSctpChunksMax = 16;

// A record header of SSL 3.0 to TLS 1.3: change of cipher, alert, handshake or data.
bool is_tls(ByteView payload) {
  return payload.size() >= kTlsRecordBytes && payload[0] >= 20 && payload[0] <= 23 &&
         payload[1] == 3 && payload[2] <= 4;
}

// A response, or a first line that is a request's.  It only names a class: nothing is read.
bool begins_as_sip(ByteView payload) {
  const std::string_view text = as_text(payload);
  const std::string_view line(text.data(), std::min(text.size(), text.find_first_of("\r\n")));
  return line.starts_with("SIP/2.0 ") || line.ends_with(" SIP/2.0");
}

// SIP in the first chunk of data.
bool sctp_carries_sip(ByteView chunks) {
  for (int count = 0; count < kSctpChunksMax && chunks.size() >= kSctpChunkBytes; ++count) {
    const std::size_t length = load_be<std::uint16_t>(chunks.data() + 2);
    const bool is_data = chunks[0] == 0;
    if (is_data && length > kSctpDataBytes && chunks.size() > kSctpDataBytes) {
      const std::size_t size = std::min(length, chunks.size()) - kSctpDataBytes;
      return begins_as_sip(chunks.subspan(kSctpDataBytes, size));
    }
    const std::size_t step = (length + 3) & ~std::size_t{3};
    if (length < kSctpChunkBytes || step >= chunks.size()) return false;
    chunks = chunks.subspan(step);
  }
  return false;
}

bool is_on(const PortSet& ports, const Decoded& packet) {
  return ports.contains(packet.source.port) || ports.contains(packet.destination.port);
}

}  // namespace

PayloadKind classify_udp(const Decoded& packet, const PortSet& sip_ports) {
  const ByteView payload = packet.payload;
  // RTP and RTCP of version 2; neither SIP nor STUN nor DTLS starts so, on whatever port.
  const bool is_media = !payload.empty() && payload[0] >> 6 == 2;
  if (is_on(sip_ports, packet) && !is_media) {
    if (is_keepalive(payload)) return PayloadKind::kSipKeepalive;
    if (is_stun(payload)) return PayloadKind::kStun;
    return PayloadKind::kSip;
  }
  if (payload.empty()) return PayloadKind::kOther;
  if (is_media) {
    if (is_rtcp(payload, packet.payload_length)) return PayloadKind::kRtcp;
    RtpHeader header;
    if (parse_rtp(payload, packet.payload_length, header)) return PayloadKind::kRtp;
    return PayloadKind::kOther;
  }
  if (is_stun(payload)) return PayloadKind::kStun;
  if (is_dtls(payload)) return PayloadKind::kDtls;
  if (is_zrtp(payload)) return PayloadKind::kZrtp;
  return PayloadKind::kOther;
}

bool confirms_zrtp(ByteView payload) {
  return is_zrtp(payload) && as_text(payload.subspan(kZrtpTypeAt)).starts_with("Conf");
}

PacketClass classify_stream(const Decoded& packet,
                            const PortSet& sip_ports,
                            const PortSet& tls_ports) {
  if (packet.packet_class == PacketClass::kTcp) {
    const bool is_encrypted =
        is_on(tls_ports, packet) || (is_on(sip_ports, packet) && is_tls(packet.payload));
    return is_encrypted ? PacketClass::kEncryptedSignalling : PacketClass::kTcp;
  }
  if (packet.packet_class == PacketClass::kSctp) {
    const bool is_sip =
        is_on(sip_ports, packet) || is_on(tls_ports, packet) || sctp_carries_sip(packet.payload);
    return is_sip ? PacketClass::kSctpSignalling : PacketClass::kSctp;
  }
  return packet.packet_class;
}

bool is_wanted_fragment(const Decoded& packet) {
  if (packet.is_udp || packet.packet_class != PacketClass::kIpFragment) return false;
  switch (packet.fragment_protocol) {
    case kProtocolUdp:
    case kProtocolTcp:
    case kProtocolIpv4:
    case kProtocolIpv6:
    case kProtocolGre:
    case kProtocolEsp:
    case kProtocolAuthentication:
    case kProtocolDestinationOptions:
    case kProtocolSctp:
    case kProtocolMpls: return true;
    default: return false;
  }
}

}  // namespace tapdeck::engine
