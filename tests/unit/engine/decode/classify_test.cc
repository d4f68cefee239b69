#include "engine/decode/classify.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

PayloadKind kind_of(std::vector<std::uint8_t> payload, std::uint16_t port = 40'000) {
  static const PortSet sip_ports = [] {
    PortSet ports;
    ports.add(5060);
    return ports;
  }();
  Decoded packet;
  packet.is_udp = true;
  packet.source.port = 30'000;
  packet.destination.port = port;
  packet.payload = payload;
  packet.payload_length = static_cast<std::uint32_t>(payload.size());
  return classify_udp(packet, sip_ports);
}

PayloadKind kind_of_text(std::string_view text, std::uint16_t port = 40'000) {
  return kind_of({text.begin(), text.end()}, port);
}

TEST(Classify, TheSipPortCarriesSipOrKeepalives) {
  EXPECT_EQ(kind_of_text("garbage", 5060), PayloadKind::kSip);
  EXPECT_EQ(kind_of_text("\r\n\r\n", 5060), PayloadKind::kSipKeepalive);
  EXPECT_EQ(kind_of({0, 0, 0, 0}, 5060), PayloadKind::kSipKeepalive);
  EXPECT_EQ(kind_of({}, 5060), PayloadKind::kSipKeepalive);
  EXPECT_EQ(kind_of_text("\r\n\r\n"), PayloadKind::kOther);
}

TEST(Classify, RtpRtcpStunAndDtlsByTheirFirstBytes) {
  std::vector<std::uint8_t> rtp(172, 0);
  rtp[0] = 0x80;
  EXPECT_EQ(kind_of(rtp), PayloadKind::kRtp);
  rtp.resize(11);
  EXPECT_EQ(kind_of(rtp), PayloadKind::kOther) << "shorter than the fixed header";
  std::vector<std::uint8_t> sources(16, 0);
  sources[0] = 0x82;
  EXPECT_EQ(kind_of(sources), PayloadKind::kOther) << "two contributing sources do not fit";
  EXPECT_EQ(kind_of({0x80, 200, 0, 1, 0, 0, 0, 1}), PayloadKind::kRtcp);
  EXPECT_EQ(kind_of({0x80, 200, 0, 9, 0, 0, 0, 1}), PayloadKind::kOther) << "length does not fit";
  std::vector<std::uint8_t> stun(20, 0);
  stun[1] = 1;
  stun[4] = 0x21;
  stun[5] = 0x12;
  stun[6] = 0xa4;
  stun[7] = 0x42;
  EXPECT_EQ(kind_of(stun), PayloadKind::kStun);
  EXPECT_EQ(kind_of({22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), PayloadKind::kDtls);
  EXPECT_EQ(kind_of({1, 2, 3}), PayloadKind::kOther);
  EXPECT_EQ(kind_of({}), PayloadKind::kOther);
}

}  // namespace
}  // namespace tapdeck::engine
