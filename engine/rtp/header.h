// RTP and RTCP headers (RFC 3550 sections 5.1 and 6, RFC 5761).
// Threads: any.  Memory: none.  Bad input: false; nothing is read beyond the payload.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tapdeck::engine {

constexpr std::size_t kRtpFixedBytes = 12;  // of the header; what is optional follows

struct RtpHeader {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
};

// True when the payload has the shape of an RTP packet: version 2, a payload type that is not
// RTCP's, contributing sources and extension that fit.  `wire_length` is what the datagram held;
// the capture may have less, but at least the fixed header.
bool parse_rtp(ByteView payload, std::uint32_t wire_length, RtpHeader& header);

// False when the padding count contradicts the packet.  Only a hint against false RTP: in SRTP the
// last byte belongs to the authentication tag.
bool rtp_padding_fits(ByteView payload, std::uint32_t wire_length);

// True for a compound RTCP packet: version 2, first type 192 to 223, lengths that fit.
bool is_rtcp(ByteView payload, std::uint32_t wire_length);

// One sender or receiver report inside a compound packet.
struct RtcpReport {
  bool from_sender = false;  // SR; otherwise RR
  std::uint32_t sender_ssrc = 0;
  std::uint32_t ntp =
      0;  // SR: middle 32 bits of its NTP time, which a block's `last_report` repeats
  std::uint8_t block_count = 0;
  ByteView blocks;  // block_count * 24 bytes
};

struct RtcpBlock {
  std::uint32_t ssrc = 0;          // about this stream
  std::uint8_t fraction_lost = 0;  // of 256
  std::uint32_t jitter = 0;        // timestamp units
  std::uint32_t last_report = 0;   // LSR: of the last SR about it; 0 when there was none
  std::uint32_t delay = 0;         // DLSR: since that SR, in 1/65536 s
};

RtcpBlock read_rtcp_block(const RtcpReport& report, std::uint8_t index);

// Steps through the SR and RR packets of a compound; others are skipped.
class RtcpReader {
 public:
  explicit RtcpReader(ByteView payload) : rest_(payload) {}

  // False when there is no further report.
  bool next(RtcpReport& report);

  // What follows could not be read: a report that is shorter than the blocks it counts.
  [[nodiscard]] bool malformed() const { return malformed_; }

 private:
  ByteView rest_;
  bool malformed_ = false;
};

}  // namespace tapdeck::engine
