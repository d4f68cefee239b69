#include "engine/decode/link.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

Bytes tags(int count) {
  Bytes packet = hello_packet();
  std::uint16_t type = 0x0800;
  for (int i = count; i > 0; --i) {
    packet = vlan(static_cast<std::uint16_t>(i), type, packet);
    type = 0x8100;
  }
  return ethernet(type, packet);
}

TEST(DecodeLink, TagsAndPppoe) {
  const TunnelCase table[] = {
      {"no tag", hello_frame()},
      {"a tag", tags(1), PacketClass::kSip, kNoVni, 1},
      {"eight tags", tags(8), PacketClass::kSip, kNoVni, 1},
      {"nine tags", tags(9), PacketClass::kTooDeep},
      {"802.1ad around 802.1Q",
       ethernet(0x88a8, vlan(30, 0x8100, vlan(40, 0x0800, hello_packet()))),
       PacketClass::kSip,
       kNoVni,
       30},
      {"a priority tag names no VLAN", ethernet(0x8100, vlan(0xe000, 0x0800, hello_packet()))},
      {"a tag at the end", ethernet(0x8100, {0, 1}), PacketClass::kMalformedLink},
      {"PPPoE", ethernet(0x8864, pppoe(wrap({0, 0x21}, hello_packet())))},
      {"PPPoE with a compressed protocol", ethernet(0x8864, pppoe(wrap({0x21}, hello_packet())))},
      {"PPPoE, padded", wrap(ethernet(0x8864, pppoe(wrap({0, 0x21}, hello_packet()))), {0, 0, 0})},
      {"PPPoE behind a tag",
       ethernet(0x8100, vlan(7, 0x8864, pppoe(wrap({0, 0x21}, hello_packet())))),
       PacketClass::kSip,
       kNoVni,
       7},
      {"PPPoE with IPv6",
       ethernet(0x8864, pppoe(wrap({0, 0x57}, ipv6(41, ipv6(4, hello_packet())))))},
      {"link control", ethernet(0x8864, pppoe({0xc0, 0x21, 9, 0, 0, 4})), PacketClass::kOtherPpp},
      {"longer than the frame",
       ethernet(0x8864, {0x11, 0, 0, 1, 0x10, 0, 0, 0x21}),
       PacketClass::kMalformedTunnel},
      {"another code",
       ethernet(0x8864, {0x11, 7, 0, 1, 0, 2, 0, 0x21}),
       PacketClass::kMalformedTunnel},
      {"PPPoE without PPP", ethernet(0x8864, pppoe({})), PacketClass::kMalformedTunnel},
      {"discovery", ethernet(0x8863, {0x11, 9, 0, 0, 0, 0}), PacketClass::kPppoeDiscovery},
      {"LLDP", ethernet(0x88cc, {2, 7, 4}), PacketClass::kOtherEthertype},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
}

TEST(DecodeLink, TheInnermostTagIsNotedToo) {
  const Decoded out =
      decode_exactly(ethernet(0x88a8, vlan(30, 0x8100, vlan(40, 0x0800, hello_packet()))));
  EXPECT_EQ(out.vlan, 30);
  EXPECT_EQ(out.inner_vlan, 40);
  const Decoded one = decode_exactly(ethernet(0x8100, vlan(30, 0x0800, hello_packet())));
  EXPECT_EQ(one.inner_vlan, 30);
}

TEST(DecodeLink, TheDepthIsWhatIsConfigured) {
  EXPECT_TRUE(decode_exactly(tags(2), {.depth_max = 2}).is_udp);
  EXPECT_EQ(decode_exactly(tags(3), {.depth_max = 2}).packet_class, PacketClass::kTooDeep);
  EXPECT_TRUE(decode_exactly(tags(40), {.depth_max = 64}).is_udp);
}

}  // namespace
}  // namespace tapdeck::engine
