#include "engine/decode/plausible.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

TEST(Plausible, Ip) {
  const Bytes packet = hello_packet();
  EXPECT_TRUE(plausible_ipv4(packet, packet.size()));
  EXPECT_TRUE(plausible_ipv4(packet, packet.size() + 6));  // padded
  EXPECT_TRUE(plausible_ipv4(ByteView(packet).first(20), packet.size()));
  EXPECT_FALSE(plausible_ipv4(packet, packet.size() - 1));
  EXPECT_FALSE(plausible_ipv4(ByteView(packet).first(19), packet.size()));
  EXPECT_FALSE(plausible_ipv6(packet, packet.size()));
  const Bytes v6 = ipv6(17, udp(1, {}));
  EXPECT_TRUE(plausible_ipv6(v6, v6.size()));
  EXPECT_FALSE(plausible_ipv6(v6, v6.size() - 1));
  EXPECT_FALSE(plausible_ipv4(v6, v6.size()));
}

TEST(Plausible, Ethernet) {
  const auto check = [](const Bytes& frame) { return plausible_ethernet(frame, frame.size()); };
  EXPECT_TRUE(check(hello_frame()));
  EXPECT_TRUE(check(ethernet(0x88a8, vlan(1, 0x8100, vlan(2, 0x0800, hello_packet())))));
  EXPECT_TRUE(check(ethernet(0x0806, {0, 1, 8, 0, 6, 4})));
  EXPECT_TRUE(check(ethernet(0x0007, {0x42, 0x42, 3, 0, 0, 0, 0})));
  EXPECT_FALSE(check(ethernet(0x0800, Bytes(20, 0))));
  EXPECT_FALSE(check(ethernet(0x1234, Bytes(40, 0))));
  EXPECT_FALSE(check(ethernet(0x8100, {0, 1})));
  EXPECT_FALSE(check(Bytes(13, 0)));
}

}  // namespace
}  // namespace tapdeck::engine
