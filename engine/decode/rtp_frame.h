// The frames of which a tap sees most, decoded in one go: RTP in UDP in an IPv4 packet without
// options in an untagged Ethernet frame, whole, without contributing sources or extension.  What it
// accepts decode(), classify_udp() and parse_rtp() accept with the same result; everything else is
// left to them.
//
// Threads: any.  Memory: none; the payload borrows from the frame.  Another frame: false, and `out`
// is not to be used.
#pragma once

#include <cstring>

#include "base/bytes.h"
#include "engine/decode/classify.h"
#include "engine/decode/decode.h"
#include "engine/packet.h"
#include "engine/rtp/header.h"

namespace tapdeck::engine {

struct RtpFrame {
  const std::uint8_t* addresses = nullptr;  // source, then destination, four bytes each
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  RtpHeader header;
  ByteView payload{};  // of UDP, as long as on the wire
};

inline bool decode_rtp_frame(const FrameView& frame, const PortSet& sip_ports, RtpFrame& out) {
  constexpr std::size_t kIpAt = 14;
  constexpr std::size_t kUdpAt = kIpAt + 20;
  constexpr std::size_t kRtpAt = kUdpAt + 8;
  if (frame.link_type != static_cast<std::uint16_t>(LinkType::kEthernet)) return false;
  if (frame.bytes.size() < kRtpAt + kRtpFixedBytes) return false;
  const std::uint8_t* at = frame.bytes.data();
  // IPv4 with five words of header; not a fragment; UDP; RTP of version 2 with nothing optional
  // but padding.
  const bool plain = load_be<std::uint16_t>(at + 12) == 0x0800 && at[kIpAt] == 0x45 &&
                     (load_be<std::uint16_t>(at + kIpAt + 6) & 0x3fff) == 0 &&
                     at[kIpAt + 9] == 17 && (at[kRtpAt] & 0xdf) == 0x80 &&
                     !(at[kRtpAt + 1] >= 192 && at[kRtpAt + 1] <= 223);
  const std::size_t ip_bytes = load_be<std::uint16_t>(at + kIpAt + 2);
  const std::size_t udp_bytes = load_be<std::uint16_t>(at + kUdpAt + 4);
  const bool whole = kIpAt + ip_bytes <= frame.bytes.size() && udp_bytes + 20 <= ip_bytes &&
                     udp_bytes >= 8 + kRtpFixedBytes;
  if (!plain || !whole) return false;
  out.source_port = load_be<std::uint16_t>(at + kUdpAt);
  out.destination_port = load_be<std::uint16_t>(at + kUdpAt + 2);
  if (sip_ports.contains(out.source_port) || sip_ports.contains(out.destination_port)) return false;
  out.addresses = at + kIpAt + 12;
  out.payload = frame.bytes.subspan(kRtpAt, udp_bytes - 8);
  const std::uint8_t* rtp = at + kRtpAt;
  out.header = {.payload_type = static_cast<std::uint8_t>(rtp[1] & 0x7f),
                .marker = (rtp[1] & 0x80) != 0,
                .sequence = load_be<std::uint16_t>(rtp + 2),
                .timestamp = load_be<std::uint32_t>(rtp + 4),
                .ssrc = load_be<std::uint32_t>(rtp + 8)};
  return true;
}

}  // namespace tapdeck::engine
