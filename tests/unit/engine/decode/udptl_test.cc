#include "engine/decode/udptl.h"

#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

using Bytes = std::vector<std::uint8_t>;

bool is(const Bytes& payload) {
  return is_udptl(payload, static_cast<std::uint32_t>(payload.size()));
}

const Bytes kAlone{0x80, 1, 2, 0xc0, 9, 0, 0};
const Bytes kEarlier{0, 2, 1, 6, 0, 2, 2, 7, 8, 1, 9};           // two earlier packets
const Bytes kParityPackets{0, 2, 1, 6, 0x80, 1, 3, 1, 2, 5, 5};  // one parity packet over three

TEST(Udptl, APacketIsKnownByItsLengths) {
  EXPECT_TRUE(is(kAlone));
  EXPECT_TRUE(is(kEarlier));
  EXPECT_TRUE(is(kParityPackets));
  EXPECT_EQ(udptl_sequence(kAlone), 0x8001);
}

TEST(Udptl, ALengthMayHaveTwoBytes) {
  Bytes packet{0, 1, 0x81, 0x00};
  packet.insert(packet.end(), 256, 7);
  packet.insert(packet.end(), {0, 0});
  EXPECT_TRUE(is(packet));
  packet[2] = 0xc1;  // in pieces of 16 KiB: no datagram has those
  EXPECT_FALSE(is(packet));
}

TEST(Udptl, WhatDoesNotFitIsNone) {
  for (const Bytes& packet : {kAlone, kEarlier, kParityPackets}) {
    Bytes longer = packet;
    longer.push_back(0);
    EXPECT_FALSE(is(longer));
    EXPECT_FALSE(is({packet.begin(), packet.end() - 1}));
  }
  EXPECT_FALSE(is({0, 1, 0, 0, 0, 0})) << "without a primary packet";
  EXPECT_FALSE(is({0, 1, 2, 0xc0, 9, 1, 0})) << "neither earlier packets nor parity";
  EXPECT_FALSE(is({}));
  Bytes rtp(172, 0xd5);
  rtp[0] = 0x80;
  EXPECT_FALSE(is(rtp));
  const Bytes receiver_report{0x80, 201, 0, 1, 0, 0, 0, 1};
  EXPECT_FALSE(is(receiver_report));
}

TEST(Udptl, WhatTheCaptureHasCutIsTakenForRight) {
  const auto length = static_cast<std::uint32_t>(kEarlier.size());
  for (std::size_t kept = kUdptlBytesMin; kept < kEarlier.size(); ++kept) {
    EXPECT_TRUE(is_udptl({kEarlier.data(), kept}, length)) << kept;
  }
  EXPECT_FALSE(is_udptl({kEarlier.data(), kUdptlBytesMin - 1}, length));
}

}  // namespace
}  // namespace tapdeck::engine
