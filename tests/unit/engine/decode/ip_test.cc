#include "engine/decode/ip.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

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
  decode_ipv4({bytes, static_cast<std::uint32_t>(bytes.size()), 101}, 0, out);
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
  decode_ipv6({bytes, static_cast<std::uint32_t>(bytes.size()), 101}, 0, out);
  EXPECT_FALSE(out.is_udp);
  EXPECT_EQ(out.packet_class, PacketClass::kOtherIpProtocol);
}

}  // namespace
}  // namespace tapdeck::engine
