#include "base/bytes.h"

#include <array>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

constexpr std::array<std::uint8_t, 8> kBytes = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(LoadStore, EndiannessAndUnalignedPlaces) {
  EXPECT_EQ(load_be<std::uint16_t>(kBytes.data() + 1), 0x0203);
  EXPECT_EQ(load_be<std::uint32_t>(kBytes.data() + 1), 0x02030405u);
  EXPECT_EQ(load_be<std::uint64_t>(kBytes.data()), 0x0102030405060708u);
  EXPECT_EQ(load_le<std::uint32_t>(kBytes.data() + 3), 0x07060504u);
  std::array<std::uint8_t, 8> out{};
  store_be(out.data() + 1, std::uint32_t{0x02030405});
  EXPECT_EQ(out, (std::array<std::uint8_t, 8>{0, 2, 3, 4, 5, 0, 0, 0}));
  store_le(out.data() + 1, std::uint16_t{0x0102});
  EXPECT_EQ(out[1], 2);
}

TEST(CursorTest, ReadsInOrder) {
  Cursor cursor(kBytes);
  EXPECT_EQ(cursor.read_be<std::uint16_t>(), 0x0102);
  cursor.skip(1);
  EXPECT_EQ(cursor.read_le<std::uint16_t>(), 0x0504);
  EXPECT_EQ(cursor.position(), 5u);
  EXPECT_EQ(cursor.read_bytes(3).size(), 3u);
  EXPECT_TRUE(cursor.at_end());
  EXPECT_FALSE(cursor.failed());
}

TEST(CursorTest, AShortReadFailsForGoodAndYieldsNothing) {
  Cursor cursor(ByteView(kBytes).first(3));
  EXPECT_EQ(cursor.read_be<std::uint32_t>(), 0u);
  EXPECT_TRUE(cursor.failed());
  EXPECT_EQ(cursor.read_be<std::uint8_t>(), 0) << "a parser must not go on after a short read";
  EXPECT_TRUE(cursor.read_bytes(1).empty());
  Cursor huge(kBytes);
  huge.skip(static_cast<std::size_t>(-1));
  EXPECT_TRUE(huge.failed()) << "position + count must not wrap";
}

}  // namespace
}  // namespace tapdeck
