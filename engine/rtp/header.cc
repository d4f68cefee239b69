#include "engine/rtp/header.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kRtcpHeaderBytes = 4;
constexpr std::size_t kReportBlockBytes = 24;
constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;

}  // namespace

bool parse_rtp(ByteView payload, std::uint32_t wire_length, RtpHeader& header) {
  if (payload.size() < kRtpFixedBytes || payload[0] >> 6 != 2) return false;
  if (payload[1] >= 192 && payload[1] <= 223) return false;
  std::size_t need = kRtpFixedBytes + (payload[0] & 0x0fU) * 4U;
  if ((payload[0] & 0x10) != 0) {  // extension: its length is only known when captured
    need += 4;
    if (payload.size() >= need) need += load_be<std::uint16_t>(payload.data() + need - 2) * 4U;
  }
  if (need > wire_length) return false;
  header.payload_type = payload[1] & 0x7f;
  header.marker = (payload[1] & 0x80) != 0;
  header.sequence = load_be<std::uint16_t>(payload.data() + 2);
  header.timestamp = load_be<std::uint32_t>(payload.data() + 4);
  header.ssrc = load_be<std::uint32_t>(payload.data() + 8);
  return true;
}

bool rtp_padding_fits(ByteView payload, std::uint32_t wire_length) {
  if (payload.size() < kRtpFixedBytes || payload.size() != wire_length) return true;
  if ((payload[0] & 0x20) == 0) return true;
  const std::size_t padding = payload.back();
  return padding != 0 && kRtpFixedBytes + (payload[0] & 0x0fU) * 4U + padding <= payload.size();
}

bool is_rtcp(ByteView payload, std::uint32_t wire_length) {
  if (payload.size() < 8 || payload[0] >> 6 != 2) return false;
  if (payload[1] < 192 || payload[1] > 223) return false;
  // SRTCP and its authentication tag may follow, so the first packet need not fill the datagram.
  return (load_be<std::uint16_t>(payload.data() + 2) + 1U) * 4U <= wire_length;
}

bool RtcpReader::next(RtcpReport& report) {
  while (rest_.size() >= kRtcpHeaderBytes && rest_[0] >> 6 == 2) {
    const std::size_t bytes = (load_be<std::uint16_t>(rest_.data() + 2) + 1U) * 4U;
    if (bytes > rest_.size()) break;
    const ByteView packet = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    const std::uint8_t type = packet[1];
    if (type != kSenderReport && type != kReceiverReport) continue;
    const std::size_t head = type == kSenderReport ? 28 : 8;
    const std::size_t count = packet[0] & 0x1fU;
    if (packet.size() < head + count * kReportBlockBytes) {
      malformed_ = true;
      break;
    }
    report.from_sender = type == kSenderReport;
    report.sender_ssrc = load_be<std::uint32_t>(packet.data() + 4);
    report.ntp = report.from_sender ? load_be<std::uint32_t>(packet.data() + 10) : 0;
    report.block_count = static_cast<std::uint8_t>(count);
    report.blocks = packet.subspan(head, count * kReportBlockBytes);
    return true;
  }
  rest_ = {};
  return false;
}

RtcpBlock read_rtcp_block(const RtcpReport& report, std::uint8_t index) {
  const std::uint8_t* at = report.blocks.data() + index * kReportBlockBytes;
  return {load_be<std::uint32_t>(at),
          at[4],
          load_be<std::uint32_t>(at + 12),
          load_be<std::uint32_t>(at + 16),
          load_be<std::uint32_t>(at + 20)};
}

}  // namespace tapdeck::engine
