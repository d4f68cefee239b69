#include "engine/decode/esp.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

// SPI, sequence number, payload, padding as RFC 4303 has it, its length, what is inside, and a tag.
Bytes esp(std::uint8_t inside, const Bytes& payload, std::size_t tag, std::uint8_t padding = 2) {
  Bytes out = wrap({0, 0, 0, 1, 0, 0, 0, 2}, payload);
  for (std::uint8_t i = 1; i <= padding; ++i) out.push_back(i);
  out.insert(out.end(), {padding, inside});
  out.insert(out.end(), tag, 0xa5);
  return ethernet(0x0800, ipv4(50, out, 7));
}

TEST(DecodeEsp, NullEncryptionIsOpened) {
  const Bytes datagram = udp(5'004, {'h', 'e', 'l', 'l', 'o'});
  const TunnelCase table[] = {
      {"UDP, 96 bits", esp(17, datagram, 12)},
      {"UDP, 128 bits", esp(17, datagram, 16)},
      {"UDP, not authenticated", esp(17, datagram, 0)},
      {"no padding", esp(17, datagram, 12, 0)},
      {"a tunnel", esp(4, hello_packet(), 12)},
      {"encrypted", ethernet(0x0800, ipv4(50, Bytes(80, 0xc7))), PacketClass::kEsp},
      {"a datagram of another length",
       esp(17, wrap(datagram, {1, 2, 3, 4}), 12),
       PacketClass::kEsp},
      {"seven bytes", ethernet(0x0800, ipv4(50, Bytes(7, 1))), PacketClass::kMalformedTunnel},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
}

// ESP in UDP from port 40000, which udp() gives, or from the port of ESP.
Bytes nat(const Bytes& payload, bool both_ports = false) {
  Bytes packet = ipv4(17, udp(4'500, payload), 7);
  if (both_ports) store_be(packet.data() + 20, std::uint16_t{4'500});
  return ethernet(0x0800, packet);
}

Bytes nat_esp(std::uint8_t inside, const Bytes& payload) {
  const Bytes frame = esp(inside, payload, 12);
  return nat(Bytes(frame.begin() + 14 + 20, frame.end()));
}

TEST(DecodeEsp, InUdpBehindNat) {
  const Bytes datagram = udp(5'004, {'h', 'e', 'l', 'l', 'o'});
  Bytes encrypted(80, 0xc7);
  encrypted[4] = 0;
  Bytes like_rtp = encrypted;
  like_rtp[0] = 0x80;
  const TunnelCase table[] = {
      {"UDP", nat_esp(17, datagram)},
      {"a tunnel", nat_esp(4, hello_packet())},
      {"encrypted", nat(encrypted), PacketClass::kEsp},
      {"encrypted, both on the port", nat(like_rtp, true), PacketClass::kEsp},
      {"IKE", nat(wrap({0, 0, 0, 0}, Bytes(28, 1))), PacketClass::kIke},
      {"a keep-alive", nat({0xff}), PacketClass::kIke},
  };
  for (const TunnelCase& row : table) expect_decoded(row);
  const Bytes others[] = {like_rtp, Bytes(30, 'S'), {1, 2, 3}, {}};
  for (const Bytes& other : others) {
    const Decoded out = decode_exactly(nat(other));
    EXPECT_TRUE(out.is_udp);
    EXPECT_EQ(out.payload_length, other.size());
  }
}

TEST(DecodeEsp, WhatWasCutIsLeftAlone) {
  Bytes frame = esp(17, udp(5'004, {'h', 'i'}), 12);
  const auto whole = static_cast<std::uint32_t>(frame.size());
  frame.resize(frame.size() - 1);
  Decoded out;
  decode({frame, whole, 1}, {}, out);
  EXPECT_EQ(out.packet_class, PacketClass::kEsp);
}

}  // namespace
}  // namespace tapdeck::engine
