#include "engine/decode/classify.h"

#include <memory>

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

TEST(Classify, ZrtpByItsCookieAndWhenItHasKeys) {
  const auto message = [](std::string_view type) {
    std::string text("\x10\0\0\1ZRTP\0\0\0\1PZ\0\3", 16);
    return text.append(type);
  };
  for (const std::string_view type : {"Hello   ", "Commit  ", "Confirm1", "Confirm2", "Conf2ACK"}) {
    const std::string text = message(type);
    Decoded packet;
    packet.is_udp = true;
    packet.payload = as_bytes(text);
    packet.payload_length = static_cast<std::uint32_t>(text.size());
    EXPECT_EQ(classify_udp(packet, {}), PayloadKind::kZrtp) << type;
    EXPECT_EQ(confirms_zrtp(packet.payload), type.starts_with("Conf")) << type;
    EXPECT_FALSE(confirms_zrtp(packet.payload.first(23))) << type;
  }
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

struct StreamCase {
  const char* what;
  PacketClass packet_class;
  std::uint16_t port;
  std::vector<std::uint8_t> payload;
  PacketClass expected;
};

TEST(Classify, TlsAndSctpAreToldFromSip) {
  const auto sip = std::make_unique<PortSet>();
  sip->add(5'060);
  const auto tls = std::make_unique<PortSet>();
  tls->add(5'061);
  constexpr PacketClass kTcp = PacketClass::kTcp;
  constexpr PacketClass kSctp = PacketClass::kSctp;
  const std::string text = "OPTIONS sip:a@b SIP/2.0\r\n\r\n";
  std::vector<std::uint8_t> data{0, 3, 0, static_cast<std::uint8_t>(16 + text.size())};
  data.resize(16, 0);
  data.insert(data.end(), text.begin(), text.end());
  std::vector<std::uint8_t> behind{
      3, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // SACK, padded
  behind.insert(behind.end(), data.begin(), data.end());
  const StreamCase table[] = {
      {"TCP", kTcp, 80, {}, kTcp},
      {"SIP over TCP", kTcp, 5'060, {'I', 'N', 'V'}, kTcp},
      {"a bare segment to 5061", kTcp, 5'061, {}, PacketClass::kEncryptedSignalling},
      {"TLS on 5060", kTcp, 5'060, {22, 3, 1, 2, 0}, PacketClass::kEncryptedSignalling},
      {"TLS on 443", kTcp, 443, {22, 3, 1, 2, 0}, kTcp},
      {"TLS of the future on 5060", kTcp, 5'060, {22, 4, 1, 2, 0}, kTcp},
      {"SCTP", kSctp, 2'905, {}, kSctp},
      {"SCTP on 5060", kSctp, 5'060, {}, PacketClass::kSctpSignalling},
      {"SCTP on 5061", kSctp, 5'061, {}, PacketClass::kSctpSignalling},
      {"SIP in SCTP's data", kSctp, 9'000, data, PacketClass::kSctpSignalling},
      {"SIP behind another chunk", kSctp, 9'000, behind, PacketClass::kSctpSignalling},
      {"chunks of no length", kSctp, 9'000, {1, 0, 0, 0, 1, 0, 0, 0}, kSctp},
      {"no stream at all", PacketClass::kIcmp, 5'060, {}, PacketClass::kIcmp},
  };
  for (const StreamCase& row : table) {
    Decoded packet;
    packet.packet_class = row.packet_class;
    packet.source.port = 40'000;
    packet.destination.port = row.port;
    packet.payload = row.payload;
    EXPECT_EQ(classify_stream(packet, *sip, *tls), row.expected) << row.what;
    std::swap(packet.source, packet.destination);
    EXPECT_EQ(classify_stream(packet, *sip, *tls), row.expected) << row.what;
  }
}

TEST(Classify, FragmentsOfCarriersAreWanted) {
  Decoded packet;
  packet.packet_class = PacketClass::kIpFragment;
  for (const int protocol : {4, 6, 17, 41, 47, 50, 51, 132, 137}) {
    packet.fragment_protocol = static_cast<std::uint8_t>(protocol);
    EXPECT_TRUE(is_wanted_fragment(packet)) << protocol;
  }
  for (const int protocol : {1, 58, 89}) {
    packet.fragment_protocol = static_cast<std::uint8_t>(protocol);
    EXPECT_FALSE(is_wanted_fragment(packet)) << protocol;
  }
  packet.fragment_protocol = 17;
  packet.packet_class = PacketClass::kTcp;
  EXPECT_FALSE(is_wanted_fragment(packet));
}

}  // namespace
}  // namespace tapdeck::engine
