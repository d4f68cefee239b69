#include "engine/decode/mpls.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

Bytes labels(int count, const Bytes& payload) {
  Bytes out = payload;
  for (int i = 0; i < count; ++i) out = mpls(16, i == 0, out);
  return ethernet(0x8847, out);
}

// An Ethernet frame to a station whose address begins like an IP packet.
Bytes frame_to(std::uint8_t first) {
  Bytes frame = hello_frame();
  frame[0] = first;
  return frame;
}

TEST(DecodeMpls, StacksAndPseudowires) {
  const Bytes v6 = ipv6(4, hello_packet());
  const TunnelCase table[] = {
      {"IPv4", labels(1, hello_packet())},
      {"three labels", labels(3, hello_packet())},
      {"multicast", ethernet(0x8848, mpls(16, true, hello_packet()))},
      {"IPv6", labels(2, v6)},
      {"a pseudowire", labels(2, hello_frame())},
      {"a pseudowire with control word", labels(2, wrap({0, 0, 0, 9}, hello_frame()))},
      {"a pseudowire to 45:...", labels(1, frame_to(0x45))},
      {"a pseudowire to 60:...", labels(1, frame_to(0x60))},
      {"a tag inside a pseudowire",
       labels(1, wrap({0, 0, 0, 0}, ethernet(0x8100, vlan(9, 0x0800, hello_packet())))),
       PacketClass::kSip,
       kNoVni,
       9},
      {"no bottom", labels(17, hello_packet()), PacketClass::kTooDeep},
      {"half a label", ethernet(0x8847, {0, 1}), PacketClass::kMalformedTunnel},
      {"nothing below", labels(1, {}), PacketClass::kOtherMpls},
      {"a channel of its own", labels(1, {0x10, 0, 0, 7, 1, 2, 3, 4}), PacketClass::kOtherMpls},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
}

}  // namespace
}  // namespace tapdeck::engine
