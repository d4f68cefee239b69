#include "engine/reassembly/fragment.h"

#include <gtest/gtest.h>

#include "tests/support/tunnel_builder.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

struct FragmentCase {
  const char* what;
  Bytes packet;
  bool is_read;
};

Bytes v4(std::uint16_t field, const Bytes& payload) {
  Bytes out = ipv4(17, payload);
  store_be(out.data() + 6, field);
  return out;
}

Bytes v6(std::uint16_t field, const Bytes& payload) {
  return ipv6(44, wrap({17, 0, high(field), low(field), 0, 0, 0, 9}, payload));
}

TEST(Fragment, IsReadOrRefused) {
  const Bytes eight(8, 1);
  const Bytes five(5, 1);
  Bytes longer = v4(0x2000, eight);
  longer[3] = 40;
  Bytes empty_length = v4(0x2000, eight);
  empty_length[2] = empty_length[3] = 0;
  const FragmentCase table[] = {
      {"the first", v4(0x2000, eight), true},
      {"one in the middle", v4(0x2001, eight), true},
      {"the last", v4(0x0002, five), true},
      {"a whole packet", v4(0, eight), false},
      {"no multiple of eight", v4(0x2000, five), false},
      {"nothing in it", v4(0x2000, {}), false},
      {"beyond the longest packet", v4(0x1fff, eight), false},
      {"longer than it is", longer, false},
      {"no length", empty_length, false},
      {"no header", Bytes(eight), false},
      {"none at all", {}, false},
      {"IPv6, the first", v6(0x0001, eight), true},
      {"IPv6, the last", v6(0x0008, five), true},
      {"IPv6, atomic", v6(0, eight), false},
      {"IPv6, nothing in it", v6(1, {}), false},
      {"IPv6 without the header", ipv6(17, eight), false},
      {"IPv6, half a header", ipv6(44, {17, 0, 0}), false},
      {"IPv6 behind options",
       ipv6(0, wrap({44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 9}, eight)),
       true},
  };
  for (const FragmentCase& row : table) {
    Fragment out;
    const Bytes exact(row.packet.begin(), row.packet.end());
    EXPECT_EQ(read_fragment({.bytes = exact}, out), row.is_read) << row.what;
  }
}

TEST(Fragment, SaysWhoseAndWhere) {
  const Bytes packet = v6(0x0011, Bytes(16, 1));
  Fragment out;
  ASSERT_TRUE(read_fragment({.bytes = packet, .realm = 7}, out));
  EXPECT_EQ(out.key.identification, 9U);
  EXPECT_EQ(out.key.realm, 7);
  EXPECT_EQ(out.offset, 16U);
  EXPECT_EQ(out.end(), 32U);
  EXPECT_TRUE(out.more);
  EXPECT_EQ(out.header.size(), 48U);
}

TEST(Fragment, AHeaderIsMadeWhole) {
  Bytes header = v4(0x6000, {});  // may not be fragmented, and yet is
  ASSERT_TRUE(make_whole(header, 1'000));
  EXPECT_EQ(load_be<std::uint16_t>(header.data() + 2), 1'020);
  EXPECT_EQ(load_be<std::uint16_t>(header.data() + 6), 0x4000);
  EXPECT_TRUE(make_whole(header, 65'515));
  EXPECT_FALSE(make_whole(header, 65'516));
  Bytes six = v6(0x0001, {});
  ASSERT_TRUE(make_whole(six, 1'000));
  EXPECT_EQ(load_be<std::uint16_t>(six.data() + 4), 1'008);
  EXPECT_EQ(load_be<std::uint16_t>(six.data() + 42), 0);
  EXPECT_FALSE(make_whole(six, 65'528));
}

}  // namespace
}  // namespace tapdeck::engine
