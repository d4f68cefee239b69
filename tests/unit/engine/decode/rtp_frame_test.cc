// What the short way accepts, the long way must accept with the same result.
#include "engine/decode/rtp_frame.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

using testing::PacketBuilder;

PortSet sip_ports() {
  PortSet ports;
  ports.add(5'060);
  ports.add(5'000 + 64);  // shares a bit of the summary with 5 000
  return ports;
}

// True when the short way took it; checks that the long way agrees.
bool agree(ByteView bytes, std::uint32_t original_length, const PortSet& ports) {
  const FrameView frame{.bytes = bytes, .original_length = original_length};
  RtpFrame fast;
  if (!decode_rtp_frame(frame, ports, fast)) return false;
  Decoded slow;
  decode(frame, {}, slow);
  EXPECT_TRUE(slow.is_udp);
  EXPECT_EQ(classify_udp(slow, ports), PayloadKind::kRtp);
  RtpHeader header;
  EXPECT_TRUE(parse_rtp(slow.payload, slow.payload_length, header));
  EXPECT_EQ(slow.payload.data(), fast.payload.data());
  EXPECT_EQ(slow.payload.size(), fast.payload.size());
  EXPECT_EQ(slow.payload_length, fast.payload.size());
  EXPECT_EQ(slow.vlan, 0);
  EXPECT_EQ(std::memcmp(slow.source.ip.bytes.data() + 12, fast.addresses, 4), 0);
  EXPECT_EQ(std::memcmp(slow.destination.ip.bytes.data() + 12, fast.addresses + 4, 4), 0);
  EXPECT_EQ(slow.source.port, fast.source_port);
  EXPECT_EQ(slow.destination.port, fast.destination_port);
  EXPECT_EQ(header.payload_type, fast.header.payload_type);
  EXPECT_EQ(header.marker, fast.header.marker);
  EXPECT_EQ(header.sequence, fast.header.sequence);
  EXPECT_EQ(header.timestamp, fast.header.timestamp);
  EXPECT_EQ(header.ssrc, fast.header.ssrc);
  return true;
}

std::vector<std::uint8_t> rtp(std::uint16_t port = 5'000) {
  return PacketBuilder()
      .ipv4("192.0.2.1", "192.0.2.2")
      .udp(4'000, port)
      .rtp({.sequence = 7, .timestamp = 160, .ssrc = 9, .marker = true})
      .bytes();
}

TEST(RtpFrame, TakesPlainRtp) {
  const PortSet ports = sip_ports();
  EXPECT_TRUE(agree(rtp(), 0, ports));
  EXPECT_FALSE(agree(rtp(5'060), 0, ports));
  const auto tagged = PacketBuilder().vlan(7).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).rtp({});
  EXPECT_FALSE(agree(tagged.bytes(), 0, ports));
}

TEST(RtpFrame, PaddingOfTheFrameIsNotPayload) {
  std::vector<std::uint8_t> frame = rtp();
  frame.insert(frame.end(), 18, 0);
  EXPECT_TRUE(agree(frame, 0, sip_ports()));
}

TEST(RtpFrame, CutFramesAreLeftToTheLongWay) {
  const std::vector<std::uint8_t> frame = rtp();
  const auto whole = static_cast<std::uint32_t>(frame.size());
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(agree(ByteView{frame}.first(size), whole, sip_ports())) << size;
  }
}

TEST(RtpFrame, AgreesOnFramesWithWrongBytes) {
  const PortSet ports = sip_ports();
  std::mt19937 random(1);
  std::uint32_t taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::vector<std::uint8_t> frame = rtp();
    for (int wrong = 0; wrong < 3; ++wrong) {
      frame[12 + random() % 44] = static_cast<std::uint8_t>(random());
    }
    taken += agree(frame, 0, ports) ? 1U : 0U;
  }
  EXPECT_GT(taken, 10'000U);
  EXPECT_LT(taken, 190'000U);
}

}  // namespace
}  // namespace tapdeck::engine
