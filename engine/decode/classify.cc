#include "engine/decode/classify.h"

#include <algorithm>

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

}  // namespace

PayloadKind classify_udp(const Decoded& packet, const PortSet& sip_ports) {
  const ByteView payload = packet.payload;
  // RTP and RTCP of version 2; neither SIP nor STUN nor DTLS starts so, on whatever port.
  const bool is_media = !payload.empty() && payload[0] >> 6 == 2;
  const bool on_sip_port =
      sip_ports.contains(packet.source.port) || sip_ports.contains(packet.destination.port);
  if (on_sip_port && !is_media) {
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
  return PayloadKind::kOther;
}

}  // namespace tapdeck::engine
