#include "engine/decode/decode.h"

#include <gtest/gtest.h>

#include "engine/packet.h"
#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

using testing::PacketBuilder;

struct Captured {
  std::vector<std::uint8_t> bytes;
  std::uint32_t original_length = 0;
  LinkType link_type = LinkType::kEthernet;
};

Decoded decode_frame(const Captured& captured) {
  Decoded out;
  // A copy of the exact size lets the address sanitizer see any read beyond the end.
  const std::vector<std::uint8_t> exact(captured.bytes.begin(), captured.bytes.end());
  decode(
      {exact, captured.original_length, static_cast<std::uint16_t>(captured.link_type)}, {}, out);
  out.payload = {};  // it borrows from `exact`
  return out;
}

PacketBuilder plain() { return PacketBuilder().ipv4("192.0.2.1", "198.51.100.2"); }

TEST(Decode, UdpOverTaggedEthernetGivesAddressesAndOuterVlan) {
  const auto frame = PacketBuilder()
                         .vlan(100, 0x88a8)
                         .vlan(200)
                         .ipv4("192.0.2.1", "198.51.100.2")
                         .udp(4000, 5004)
                         .text("hello")
                         .bytes();
  Decoded out;
  decode({frame, 0, 1}, {}, out);
  ASSERT_TRUE(out.is_udp);
  EXPECT_EQ(to_string(out.source), "192.0.2.1:4000");
  EXPECT_EQ(to_string(out.destination), "198.51.100.2:5004");
  EXPECT_EQ(out.vlan, 100);
  EXPECT_EQ(as_text(out.payload), "hello");
  EXPECT_EQ(out.payload_length, 5U);
}

TEST(Decode, EveryLinkTypeReachesTheSameUdp) {
  const auto raw = PacketBuilder().raw_ip().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  auto null_loop = raw;
  null_loop.insert(null_loop.begin(), {2, 0, 0, 0});
  auto open_loop = raw;
  open_loop.insert(open_loop.begin(), {0, 0, 0, 2});
  const auto cooked = PacketBuilder().linux_cooked().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2);
  const auto cooked2 = PacketBuilder().linux_cooked2().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2);
  const Captured all[] = {
      {raw, 0, LinkType::kRaw},
      {raw, 0, LinkType::kRawBsd},
      {raw, 0, LinkType::kRawOpenBsd},
      {raw, 0, LinkType::kIpv4},
      {null_loop, 0, LinkType::kNull},
      {open_loop, 0, LinkType::kLoop},
      {cooked.bytes(), 0, LinkType::kLinuxCooked},
      {cooked2.bytes(), 0, LinkType::kLinuxCooked2},
  };
  for (const Captured& captured : all) {
    const Decoded out = decode_frame(captured);
    EXPECT_TRUE(out.is_udp) << static_cast<int>(captured.link_type);
    EXPECT_EQ(to_string(out.destination), "192.0.2.2:2");
  }
}

TEST(Decode, Ipv6ExtensionHeadersAreStepped) {
  const auto frame = PacketBuilder()
                         .ipv6("2001:db8::1", "2001:db8::2", 0)
                         .append({43, 0, 1, 4, 0, 0, 0, 0})  // hop by hop, then routing
                         .append({60, 0, 0, 0, 0, 0, 0, 0})  // routing, then options
                         .append({44, 0, 1, 4, 0, 0, 0, 0})  // options, then fragment
                         .append({17, 0, 0, 0, 0, 0, 0, 1})  // an atomic fragment
                         .udp(7, 8)
                         .bytes();
  const Decoded out = decode_frame({frame});
  ASSERT_TRUE(out.is_udp);
  EXPECT_EQ(to_string(out.source), "[2001:db8::1]:7");
}

TEST(Decode, AnErfRecordHoldsAFrame) {
  const auto frame = plain().udp(1, 2).text("abc").bytes();
  std::vector<std::uint8_t> record(16 + 8 + 2, 0);
  record[8] = 0x82;  // Ethernet, an extension follows
  record[15] = static_cast<std::uint8_t>(frame.size());
  record.insert(record.end(), frame.begin(), frame.end());
  record.insert(record.end(), 5, 0);  // to a multiple of eight
  const Decoded out = decode_frame({record, 0, LinkType::kErf});
  ASSERT_TRUE(out.is_udp);
  EXPECT_EQ(out.payload_length, 3U);
  record[8] = 3;  // ATM
  EXPECT_EQ(decode_frame({record, 0, LinkType::kErf}).packet_class, PacketClass::kOtherEthertype);
  record.resize(20);
  record[8] = 0x82;
  EXPECT_EQ(decode_frame({record, 0, LinkType::kErf}).packet_class, PacketClass::kMalformedLink);
}

TEST(Decode, AnIpPacketNeedsNoLink) {
  const auto packet = PacketBuilder().raw_ip().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  Decoded out;
  decode_ip_packet(packet, {}, out);
  EXPECT_TRUE(out.is_udp);
  EXPECT_EQ(to_string(out.destination), "192.0.2.2:2");
}

TEST(Decode, AFragmentIsShownFromItsIpHeader) {
  auto frame = plain().fragment(185, false).text("tail").bytes();
  frame.resize(60, 0);  // padded
  Decoded out;
  decode({frame, 0, 1}, {}, out);
  EXPECT_EQ(out.packet_class, PacketClass::kIpFragment);
  EXPECT_EQ(out.fragment_protocol, 17);
  EXPECT_EQ(out.payload.data(), frame.data() + 14);
  EXPECT_EQ(out.payload.size(), 24U);
  EXPECT_EQ(out.payload_length, 24U);
}

TEST(Decode, FragmentsAreNamedFirstAndLast) {
  for (const auto& frame : {plain().fragment(0, true).udp(1, 2).bytes(),
                            plain().fragment(185, false).text("tail").bytes(),
                            PacketBuilder()
                                .ipv6("2001:db8::1", "2001:db8::2", 44)
                                .append({17, 0, 0, 1, 0, 0, 0, 1})
                                .udp(1, 2)
                                .bytes()}) {
    const Decoded out = decode_frame({frame});
    EXPECT_FALSE(out.is_udp);
    EXPECT_EQ(out.packet_class, PacketClass::kIpFragment);
  }
}

TEST(Decode, OtherProtocolsHaveTheirNames) {
  const std::pair<std::uint8_t, PacketClass> expected[] = {
      {1, PacketClass::kIcmp},
      {6, PacketClass::kMalformedTcp},  // too short for it
      {58, PacketClass::kIcmp},
      {132, PacketClass::kSctp},
      {89, PacketClass::kOtherIpProtocol}};
  for (const auto& [protocol, packet_class] : expected) {
    const Decoded out = decode_frame({plain().protocol(protocol).udp(5060, 5060).bytes()});
    EXPECT_FALSE(out.is_udp);
    EXPECT_EQ(out.packet_class, packet_class);
  }
  std::vector<std::uint8_t> arp(42, 0);
  arp[12] = 0x08;
  arp[13] = 0x06;
  EXPECT_EQ(decode_frame({arp}).packet_class, PacketClass::kArp);
  arp[12] = 0x88;
  arp[13] = 0xcc;
  EXPECT_EQ(decode_frame({arp}).packet_class, PacketClass::kOtherEthertype);
}

TEST(Decode, EveryCutIsTruncatedOrAShorterPayload) {
  const auto whole =
      PacketBuilder().vlan(5).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).text("0123456789").bytes();
  constexpr std::size_t kHeaders = 14 + 4 + 20 + 8;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const std::vector<std::uint8_t> frame(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(cut));
    const Decoded out = decode_frame({frame, static_cast<std::uint32_t>(whole.size())});
    EXPECT_EQ(out.is_udp, cut >= kHeaders) << cut;
    if (out.is_udp) {
      EXPECT_EQ(out.payload_length, 10U);
    } else {
      EXPECT_EQ(out.packet_class, PacketClass::kTruncated) << cut;
    }
  }
}

TEST(Decode, LengthsThatContradictAreMalformed) {
  auto udp_too_long = plain().udp(1, 2).text("abc").bytes();
  store_be(udp_too_long.data() + 38, std::uint16_t{900});
  EXPECT_EQ(decode_frame({udp_too_long}).packet_class, PacketClass::kMalformedUdp);
  auto udp_too_short = plain().udp(1, 2).text("abc").bytes();
  store_be(udp_too_short.data() + 38, std::uint16_t{7});
  EXPECT_EQ(decode_frame({udp_too_short}).packet_class, PacketClass::kMalformedUdp);
  auto short_header = plain().udp(1, 2).bytes();
  short_header[14] = 0x44;
  EXPECT_EQ(decode_frame({short_header}).packet_class, PacketClass::kMalformedIp);
  EXPECT_EQ(decode_frame({{1, 2, 3}}).packet_class, PacketClass::kMalformedLink);
}

TEST(Decode, AFrameThatLostItsTailUnsaidStillCountsByItsHeaders) {
  auto frame = plain().udp(1, 2).text("0123456789").bytes();
  frame.resize(frame.size() - 4);
  Decoded out;
  decode({frame, 0, 1}, {}, out);
  ASSERT_TRUE(out.is_udp);
  EXPECT_EQ(out.payload_length, 10U);
  EXPECT_EQ(as_text(out.payload), "012345");
}

TEST(Decode, EthernetPaddingIsNotPayload) {
  auto frame = plain().udp(1, 2).text("abc").bytes();
  frame.resize(60, 0xee);
  Decoded out;
  decode({frame, 0, 1}, {}, out);
  ASSERT_TRUE(out.is_udp);
  EXPECT_EQ(as_text(out.payload), "abc");
}

}  // namespace
}  // namespace tapdeck::engine
