#include "engine/rtp/header.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

TEST(RtpHeader, FieldsAreRead) {
  const auto bytes = testing::PacketBuilder()
                         .rtp({.payload_type = 8,
                               .sequence = 65'535,
                               .timestamp = 0x01020304,
                               .ssrc = 0xdeadbeef,
                               .marker = true})
                         .bytes();
  RtpHeader header;
  ASSERT_TRUE(parse_rtp(bytes, static_cast<std::uint32_t>(bytes.size()), header));
  EXPECT_EQ(header.payload_type, 8);
  EXPECT_TRUE(header.marker);
  EXPECT_EQ(header.sequence, 65'535);
  EXPECT_EQ(header.timestamp, 0x01020304U);
  EXPECT_EQ(header.ssrc, 0xdeadbeefU);
}

TEST(RtpHeader, ExtensionAndPaddingMustFit) {
  std::vector<std::uint8_t> bytes(20, 0);
  bytes[0] = 0x90;  // extension
  bytes[15] = 1;    // of one word
  RtpHeader header;
  EXPECT_TRUE(parse_rtp(bytes, 20, header));
  bytes[15] = 2;
  EXPECT_FALSE(parse_rtp(bytes, 20, header));
  EXPECT_TRUE(parse_rtp(bytes, 24, header)) << "the capture cut it, the wire had it";
  bytes[0] = 0xa0;  // padding
  bytes[19] = 8;
  EXPECT_TRUE(rtp_padding_fits(bytes, 20));
  bytes[19] = 9;
  EXPECT_FALSE(rtp_padding_fits(bytes, 20));
  bytes[19] = 0;
  EXPECT_FALSE(rtp_padding_fits(bytes, 20));
}

TEST(RtcpReader, FindsReportsBehindOtherPackets) {
  auto builder = testing::PacketBuilder();
  builder.append({0x80, 202, 0, 1, 0, 0, 0, 9});  // SDES
  builder.rtcp_sender_report(5, 77, 64, 800);
  auto bytes = builder.bytes();
  for (std::uint8_t i = 0; i < 8; ++i) bytes[8 + 8 + i] = i;  // NTP time
  for (std::uint8_t i = 0; i < 8; ++i)
    bytes[8 + 44 + i] = static_cast<std::uint8_t>(0x11 + i);  // LSR and DLSR
  RtcpReader reader(bytes);
  RtcpReport report;
  ASSERT_TRUE(reader.next(report));
  EXPECT_TRUE(report.from_sender);
  EXPECT_EQ(report.sender_ssrc, 5U);
  ASSERT_EQ(report.block_count, 1);
  const RtcpBlock block = read_rtcp_block(report, 0);
  EXPECT_EQ(block.ssrc, 77U);
  EXPECT_EQ(block.fraction_lost, 64);
  EXPECT_EQ(block.jitter, 800U);
  EXPECT_EQ(report.ntp, 0x02030405U);
  EXPECT_EQ(block.last_report, 0x11121314U);
  EXPECT_EQ(block.delay, 0x15161718U);
  EXPECT_FALSE(reader.next(report));
  EXPECT_FALSE(reader.malformed());
}

TEST(RtcpReader, ABlockCountBeyondThePacketEndsIt) {
  auto bytes = testing::PacketBuilder().rtcp_sender_report(5, 77, 64, 800).bytes();
  bytes[0] = 0x9f;
  RtcpReader reader(bytes);
  RtcpReport report;
  EXPECT_FALSE(reader.next(report));
  EXPECT_TRUE(reader.malformed());
}

}  // namespace
}  // namespace tapdeck::engine
