#include "engine/decode/gre.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

constexpr std::uint16_t kC = 0x8000, kK = 0x2000, kS = 0x1000;

Bytes in_ip(const Bytes& payload) { return ethernet(0x0800, ipv4(47, payload)); }

Bytes erspan3(std::uint8_t frame_type, bool with_subheader, const Bytes& payload) {
  Bytes head{0x20, 55, 0, 1, 0, 0, 0, 9, 0, 0};
  head.push_back(static_cast<std::uint8_t>(frame_type << 2));
  head.push_back(with_subheader ? 1 : 0);
  if (with_subheader) head.insert(head.end(), 8, 0x77);
  return wrap(head, payload);
}

TEST(DecodeGre, OptionsAndPayloads) {
  const Bytes four{1, 2, 3, 4};
  const Bytes key{0x12, 0x34, 0x56, 0x01};
  const TunnelCase table[] = {
      {"IPv4", in_ip(gre(0, 0x0800, {}, hello_packet()))},
      {"IPv6 around it", ethernet(0x86dd, ipv6(47, gre(0, 0x0800, {}, hello_packet())))},
      {"checksum, key, sequence",
       in_ip(gre(kC | kK | kS, 0x0800, wrap(wrap(four, four), four), hello_packet()))},
      {"key and sequence", in_ip(gre(kK | kS, 0x0800, wrap(four, four), hello_packet()))},
      {"Ethernet", in_ip(gre(0, 0x6558, {}, hello_frame()))},
      {"NVGRE", in_ip(gre(kK, 0x6558, key, hello_frame())), PacketClass::kSip, 0x123456},
      {"MPLS", in_ip(gre(0, 0x8847, {}, mpls(3, true, hello_packet())))},
      {"PPP", in_ip(gre(0, 0x880b, {}, wrap({0xff, 3, 0, 0x21}, hello_packet())))},
      {"PPTP",
       in_ip(gre(
           kK | kS | 0x81, 0x880b, wrap(wrap(four, four), four), wrap({0x21}, hello_packet())))},
      {"ERSPAN I", in_ip(gre(0, 0x88be, {}, hello_frame()))},
      {"ERSPAN II",
       in_ip(gre(kS, 0x88be, four, wrap({0x10, 99, 0, 1, 0, 0, 0, 0}, hello_frame()))),
       PacketClass::kSip,
       kNoVni,
       99},
      {"ERSPAN III",
       in_ip(gre(kS, 0x22eb, four, erspan3(0, false, hello_frame()))),
       PacketClass::kSip,
       kNoVni,
       55},
      {"ERSPAN III with subheader",
       in_ip(gre(kS, 0x22eb, four, erspan3(0, true, hello_frame()))),
       PacketClass::kSip,
       kNoVni,
       55},
      {"ERSPAN III around IP",
       in_ip(gre(kS, 0x22eb, four, erspan3(2, false, hello_packet()))),
       PacketClass::kSip,
       kNoVni,
       55},
      {"ERSPAN III around something else",
       in_ip(gre(kS, 0x22eb, four, erspan3(3, false, hello_frame()))),
       PacketClass::kOtherGre},
      {"ERSPAN of another version",
       in_ip(gre(kS, 0x88be, four, wrap({0x30, 99, 0, 1, 0, 0, 0, 0}, hello_frame()))),
       PacketClass::kOtherGre},
      {"another protocol", in_ip(gre(0, 0x883e, {}, four)), PacketClass::kOtherGre},
      {"another version", in_ip(gre(3, 0x0800, {}, hello_packet())), PacketClass::kOtherGre},
      {"source routes", in_ip(gre(0x4000, 0x0800, four, hello_packet())), PacketClass::kOtherGre},
      {"an acknowledgement",
       in_ip(gre(kK | 0x81, 0x880b, wrap(four, four), {})),
       PacketClass::kOtherGre},
      {"no key where one is said",
       ethernet(0x0800, ipv4(47, {0x20, 0, 8, 0, 1})),
       PacketClass::kMalformedTunnel},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
}

}  // namespace
}  // namespace tapdeck::engine
