#include "engine/decode/ip.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"
#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

TEST(DecodeIp, Ipv4OptionsAreStepped) {
  auto bytes = testing::PacketBuilder()
                   .raw_ip()
                   .ipv4("192.0.2.1", "192.0.2.2")
                   .append({1, 1, 1, 0})
                   .udp(9, 10)
                   .text("x")
                   .bytes();
  bytes[0] = 0x46;
  Decoded out;
  decode({bytes, 0, 101}, {}, out);
  ASSERT_TRUE(out.is_udp);
  EXPECT_EQ(out.source.port, 9);
  EXPECT_EQ(as_text(out.payload), "x");
}

TEST(DecodeIp, AChainOfExtensionsEnds) {
  testing::PacketBuilder builder;
  builder.raw_ip().ipv6("::1", "::2", 60);
  for (int i = 0; i < 100; ++i) builder.append({60, 0, 1, 4, 0, 0, 0, 0});
  const auto bytes = builder.bytes();
  Decoded out;
  decode({bytes, 0, 101}, {}, out);
  EXPECT_FALSE(out.is_udp);
  EXPECT_EQ(out.packet_class, PacketClass::kTooDeep);
}

TEST(DecodeIp, PacketsInPackets) {
  using namespace testing;
  const Bytes authentication{17, 4, 0, 0, 0, 0, 0, 1, 0, 0,  0,  2,
                             1,  2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  Bytes deep = hello_packet();
  for (int i = 0; i < 8; ++i) deep = ipv4(4, deep);
  const TunnelCase table[] = {
      {"IPv4 in IPv4", ethernet(0x0800, ipv4(4, hello_packet()))},
      {"IPv4 in IPv6", ethernet(0x86dd, ipv6(4, hello_packet()))},
      {"6in4", ethernet(0x0800, ipv4(41, ipv6(4, hello_packet())))},
      {"IPv6 in IPv6", ethernet(0x86dd, ipv6(41, ipv6(4, hello_packet())))},
      {"MPLS in IP", ethernet(0x0800, ipv4(137, mpls(5, true, hello_packet())))},
      {"authenticated",
       ethernet(0x0800, ipv4(51, wrap(authentication, udp(5'004, {'h', 'e', 'l', 'l', 'o'})), 7))},
      {"half an authentication header",
       ethernet(0x0800, ipv4(51, {17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2})),
       PacketClass::kMalformedIp},
      {"eight deep", ethernet(0x0800, deep)},
      {"nine deep", ethernet(0x0800, ipv4(4, deep)), PacketClass::kTooDeep},
      {"IPv6 said to be IPv4", ethernet(0x0800, ipv4(4, ipv6(17, {}))), PacketClass::kMalformedIp},
      {"an inner fragment",
       [] {
         Bytes inner = ipv4(17, udp(1, {}));
         inner[6] = 0x20;
         return ethernet(0x0800, ipv4(4, inner));
       }(),
       PacketClass::kIpFragment},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
}

TEST(DecodeIp, TcpAndSctpShowPortsAndPayload) {
  using namespace testing;
  const Bytes tcp = wrap(
      {0x13, 0xc4, 0x9c, 0x40, 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x18, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0},
      {'a', 'b'});
  Decoded out = decode_exactly(ethernet(0x0800, ipv4(6, tcp)));
  EXPECT_EQ(out.packet_class, PacketClass::kTcp);
  EXPECT_EQ(out.source.port, 5'060);
  EXPECT_EQ(out.destination.port, 40'000);
  EXPECT_EQ(out.payload_length, 2U);
  EXPECT_TRUE(out.is_tcp);
  EXPECT_EQ(out.tcp_sequence, 1U);
  out = decode_exactly(
      ethernet(0x0800, ipv4(132, {0x13, 0xc4, 0x13, 0xc4, 0, 0, 0, 1, 0, 0, 0, 2, 9})));
  EXPECT_EQ(out.packet_class, PacketClass::kSctp);
  EXPECT_EQ(out.source.port, 5'060);
  EXPECT_EQ(out.payload_length, 1U);
  out = decode_exactly(ethernet(0x0800, ipv4(6, {1, 2, 3})));
  EXPECT_EQ(out.packet_class, PacketClass::kMalformedTcp);
}

TEST(DecodeIp, TheIdentificationIsTheInnermost) {
  using namespace testing;
  Bytes inner = ipv4(17, udp(5'060, {1}));
  store_be(inner.data() + 4, std::uint16_t{7});
  Bytes outer = ipv4(4, inner);
  store_be(outer.data() + 4, std::uint16_t{9});
  EXPECT_EQ(decode_exactly(ethernet(0x0800, outer)).ip_id, 7U);
}

}  // namespace
}  // namespace tapdeck::engine
