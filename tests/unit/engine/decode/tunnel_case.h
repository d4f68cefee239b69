// One row of the tables of decode's tests: a frame, and what must be found in it.
// Threads: the test's.  Memory: vectors.
#pragma once

#include <gtest/gtest.h>

#include "engine/decode/decode.h"
#include "tests/support/tunnel_builder.h"

namespace tapdeck::engine {

struct TunnelCase {
  const char* what;
  testing::Bytes frame;
  PacketClass expected = PacketClass::kSip;  // kSip: the innermost packet says hello
  std::uint32_t vni = kNoVni;
  std::uint16_t vlan = 0;
};

inline Decoded decode_exactly(const testing::Bytes& frame, const DecodeRules& rules = {}) {
  // A copy of the exact size lets the address sanitizer see any read beyond the end.
  const testing::Bytes exact(frame.begin(), frame.end());
  Decoded out;
  decode({exact, 0, 1}, rules, out);
  EXPECT_TRUE(!out.is_udp || out.payload.size() <= out.payload_length);
  return out;
}

// kSip stands for any UDP.
inline void expect_class(const Decoded& out, PacketClass expected) {
  const auto name = [](PacketClass each) {
    return kPacketClassNames[static_cast<std::size_t>(each)].name;
  };
  ASSERT_EQ(out.is_udp, expected == PacketClass::kSip) << name(out.packet_class);
  if (out.is_udp) return;
  EXPECT_EQ(name(out.packet_class), name(expected));
}

inline void expect_decoded(const TunnelCase& row) {
  SCOPED_TRACE(row.what);
  const Decoded out = decode_exactly(row.frame);
  ASSERT_NO_FATAL_FAILURE(expect_class(out, row.expected));
  if (row.expected != PacketClass::kSip) return;
  EXPECT_EQ(to_string(out.source), "10.0.0.7:40000");
  EXPECT_EQ(to_string(out.destination), "10.0.1.7:5004");
  EXPECT_EQ(out.payload_length, 5U);
  EXPECT_EQ(out.vni, row.vni);
  EXPECT_EQ(out.vlan, row.vlan);
  // Cut anywhere, the headers are said to be cut, or the payload is shorter.
  for (std::size_t size = 0; size < row.frame.size(); ++size) {
    const testing::Bytes cut(row.frame.begin(),
                             row.frame.begin() + static_cast<std::ptrdiff_t>(size));
    Decoded part;
    decode({cut, static_cast<std::uint32_t>(row.frame.size()), 1}, {}, part);
    EXPECT_TRUE(!part.is_udp || part.payload.size() <= part.payload_length) << size;
  }
}

}  // namespace tapdeck::engine
