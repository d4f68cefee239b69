#include "engine/decode/tcp.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

std::vector<std::uint8_t> segment() {
  std::vector<std::uint8_t> bytes(27, 0);
  store_be(bytes.data(), std::uint16_t{40'000});
  store_be(bytes.data() + 2, std::uint16_t{5'060});
  store_be(bytes.data() + 4, std::uint32_t{0xfffffff0});
  store_be(bytes.data() + 8, std::uint32_t{7});
  bytes[12] = 0x60;  // one word of options
  bytes[13] = 0x18;
  bytes[24] = 'a';
  bytes[25] = 'b';
  bytes[26] = 'c';
  return bytes;
}

TEST(DecodeTcp, SequencePortsFlagsAndPayload) {
  const auto bytes = segment();
  Decoded out;
  decode_tcp(bytes, bytes.size(), out);
  EXPECT_TRUE(out.is_tcp);
  EXPECT_EQ(out.packet_class, PacketClass::kTcp);
  EXPECT_EQ(out.source.port, 40'000);
  EXPECT_EQ(out.destination.port, 5'060);
  EXPECT_EQ(out.tcp_sequence, 0xfffffff0U);
  EXPECT_EQ(out.tcp_acknowledgement, 7U);
  EXPECT_EQ(out.tcp_flags, 0x18);
  EXPECT_EQ(as_text(out.payload), "abc");
  EXPECT_EQ(out.payload_length, 3U);
}

TEST(DecodeTcp, WhatDoesNotFitHasAClass) {
  struct Case {
    std::size_t captured;
    std::size_t length;
    std::uint8_t offset;
    PacketClass packet_class;
    std::size_t payload;
  };

  const Case cases[] = {
      {27, 27, 0x60, PacketClass::kTcp, 3},
      {27, 25, 0x60, PacketClass::kTcp, 1},  // Ethernet's padding
      {25, 27, 0x60, PacketClass::kTcp, 1},  // cut by the capture
      {22, 27, 0x60, PacketClass::kTcp, 0},  // within the options
      {24, 24, 0x60, PacketClass::kTcp, 0},
      {12, 27, 0x60, PacketClass::kTruncated, 0},
      {12, 12, 0x60, PacketClass::kMalformedTcp, 0},
      {27, 27, 0x40, PacketClass::kMalformedTcp, 0},
      {27, 27, 0x70, PacketClass::kMalformedTcp, 0},
  };
  for (const Case& one : cases) {
    auto bytes = segment();
    bytes[12] = one.offset;
    Decoded out;
    decode_tcp(ByteView{bytes}.first(one.captured), one.length, out);
    EXPECT_EQ(out.packet_class, one.packet_class) << one.captured << ' ' << one.length;
    EXPECT_EQ(out.is_tcp, one.packet_class == PacketClass::kTcp);
    EXPECT_EQ(out.payload.size(), one.payload) << one.captured << ' ' << one.length;
  }
}

}  // namespace
}  // namespace tapdeck::engine
