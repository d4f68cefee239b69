#include "engine/decode/udp_tunnels.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

TEST(DecodeUdpTunnels, TheirHeadersAndWhatIsInside) {
  const Bytes options{0, 1, 2, 1, 9, 9, 9, 9};
  const Bytes numbers{0, 5, 0, 0};  // sequence number, N-PDU number, no extension
  const Bytes container{0, 0, 0, 0x85, 1, 0x10, 9, 0};  // PDU session container, then no more
  const Bytes chain{0, 0, 0, 0xc0, 1, 0, 9, 0x85, 2, 0, 0, 0, 0, 0, 0, 0};
  const TunnelCase table[] = {
      {"VXLAN", in_udp(4'789, vxlan(7, hello_frame())), PacketClass::kSip, 7},
      {"VXLAN, Linux' port",
       in_udp(8'472, vxlan(0xffffff, hello_frame())),
       PacketClass::kSip,
       0xffffff},
      {"VXLAN over IPv6",
       ethernet(0x86dd, ipv6(17, udp(4'789, vxlan(7, hello_frame())))),
       PacketClass::kSip,
       7},
      {"VXLAN with group policy",
       in_udp(4'789, vxlan(7, hello_frame(), 0x88)),
       PacketClass::kSip,
       7},
      {"VXLAN in VXLAN: the inner VNI",
       in_udp(4'789, vxlan(7, in_udp(4'789, vxlan(8, hello_frame())))),
       PacketClass::kSip,
       8},
      {"VXLAN around ARP",
       in_udp(4'789, vxlan(7, ethernet(0x0806, Bytes(28, 0)))),
       PacketClass::kArp},
      {"VXLAN around half a frame",
       in_udp(4'789, vxlan(7, {1, 2, 3})),
       PacketClass::kMalformedLink},
      {"GENEVE", in_udp(6'081, geneve(7, 0x6558, {}, hello_frame())), PacketClass::kSip, 7},
      {"GENEVE with options",
       in_udp(6'081, geneve(7, 0x6558, options, hello_frame())),
       PacketClass::kSip,
       7},
      {"GENEVE around IPv4",
       in_udp(6'081, geneve(7, 0x0800, {}, hello_packet())),
       PacketClass::kSip,
       7},
      {"GTP-U", in_udp(2'152, gtp(0, 255, {}, hello_packet()))},
      {"GTP-U around IPv6", in_udp(2'152, gtp(0, 255, {}, ipv6(4, hello_packet())))},
      {"GTP-U around Ethernet", in_udp(2'152, gtp(0, 255, {}, hello_frame()))},
      {"GTP-U with a sequence number", in_udp(2'152, gtp(2, 255, numbers, hello_packet()))},
      {"GTP-U with an extension", in_udp(2'152, gtp(4, 255, container, hello_packet()))},
      {"GTP-U with two extensions", in_udp(2'152, gtp(4, 255, chain, hello_packet()))},
      {"GTP-U echo", in_udp(2'152, gtp(2, 1, numbers, {14, 0})), PacketClass::kOtherGtp},
      {"GTP-U around nothing", in_udp(2'152, gtp(0, 255, {}, {})), PacketClass::kOtherGtp},
      {"GTP-U around something else",
       in_udp(2'152, gtp(0, 255, {}, {9, 9, 9})),
       PacketClass::kOtherGtp},
      {"an extension of no length",
       in_udp(2'152, gtp(4, 255, {0, 0, 0, 0x85, 0, 0, 0, 0}, hello_packet())),
       PacketClass::kMalformedTunnel},
      {"more extensions than any",
       in_udp(2'152,
              gtp(4,
                  255,
                  wrap({0, 0, 0, 0xc0},
                       [] {
                         Bytes out;
                         for (int i = 0; i < 9; ++i) out.insert(out.end(), {1, 0, 0, 0xc0});
                         return out;
                       }()),
                  hello_packet())),
       PacketClass::kTooDeep},
      {"GTP-U in VLAN in VXLAN",
       in_udp(
           4'789,
           vxlan(7,
                 ethernet(0x8100,
                          vlan(5, 0x0800, ipv4(17, udp(2'152, gtp(0, 255, {}, hello_packet()))))))),
       PacketClass::kSip,
       7,
       5},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
}

TEST(DecodeUdpTunnels, WhatIsNoTunnelIsAPayload) {
  Bytes rtp{0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4};
  rtp.insert(rtp.end(), 160, 0xd5);
  Bytes sources = rtp;
  sources[0] = 0x88;  // eight contributing sources: as VXLAN's group policy begins
  for (const std::uint16_t port :
       std::initializer_list<std::uint16_t>{4'789, 8'472, 6'081, 2'152}) {
    for (const Bytes& payload : {rtp,
                                 sources,
                                 Bytes{},
                                 Bytes{8, 0, 0},
                                 Bytes{0x30, 255, 1, 0, 0, 0, 0, 0, 0x45},
                                 Bytes{0x48, 0, 0, 0, 0, 0, 7, 0, 1},
                                 Bytes{0, 0, 0x12, 0x34, 0, 0, 0, 0},
                                 Bytes{0x3f, 0, 0x65, 0x58, 0, 0, 0, 0, 1, 2}}) {
      const Decoded out = decode_exactly(in_udp(port, payload));
      ASSERT_TRUE(out.is_udp) << port;
      EXPECT_EQ(out.destination.port, port);
      EXPECT_EQ(out.payload_length, payload.size());
      EXPECT_EQ(out.vni, kNoVni);
    }
  }
  EXPECT_TRUE(decode_exactly(in_udp(4'790, vxlan(7, hello_frame()))).destination.port == 4'790);
}

TEST(DecodeUdpTunnels, PortsAreConfigured) {
  DecodeRules rules{.depth_max = 8, .tunnels = {}};
  EXPECT_TRUE(rules.tunnels.add(4'000, UdpTunnel::kVxlan));
  EXPECT_EQ(decode_exactly(in_udp(4'000, vxlan(9, hello_frame())), rules).vni, 9U);
  EXPECT_EQ(decode_exactly(in_udp(4'789, vxlan(9, hello_frame())), rules).vni, kNoVni);
  EXPECT_EQ(rules.tunnels.find(4'000 + 64), UdpTunnel::kNoTunnel);  // shares a bit of the summary
}

}  // namespace
}  // namespace tapdeck::engine
