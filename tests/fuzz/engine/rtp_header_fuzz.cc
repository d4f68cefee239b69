// Any UDP payload as RTP and as RTCP; the first byte is what the capture cut off.
#include <cstdlib>
#include <memory>

#include "engine/rtp/header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck;
  using namespace tapdeck::engine;
  if (size < 1) return 0;
  const auto wire_length = static_cast<std::uint32_t>(size - 1) + data[0];
  --size;
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  std::memcpy(copy.get(), data + 1, size);
  const ByteView payload{copy.get(), size};
  RtpHeader header;
  if (parse_rtp(payload, wire_length, header) && is_rtcp(payload, wire_length)) std::abort();
  rtp_padding_fits(payload, wire_length);
  RtcpReader reader(payload);
  RtcpReport report;
  std::size_t reports = 0;
  while (reader.next(report)) {
    if (++reports > size / 8) std::abort();
    std::uint32_t sum = 0;
    for (std::uint8_t i = 0; i < report.block_count; ++i) sum += read_rtcp_block(report, i).ssrc;
    static_cast<void>(sum);
  }
  return 0;
}
