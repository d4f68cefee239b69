#include "storage/crc32c.h"

#include <array>
#include <numeric>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// RFC 3720, appendix B.4, and the check value of the CRC catalogues.
TEST(Crc32c, MatchesPublishedValues) {
  std::array<std::uint8_t, 32> bytes{};
  EXPECT_EQ(crc32c(bytes), 0x8a9136aaU);
  bytes.fill(0xff);
  EXPECT_EQ(crc32c(bytes), 0x62a8ab43U);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(crc32c(bytes), 0x46dd794eU);
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, PortableVersionAgreesAtEveryLengthAndAlignment) {
  std::vector<std::uint8_t> bytes(200);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{7});
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t length = 0; begin + length <= bytes.size(); ++length) {
      const ByteView view = ByteView(bytes).subspan(begin, length);
      ASSERT_EQ(crc32c(view), crc32c_portable(view)) << begin << " " << length;
    }
  }
}

// Long ones go in three stretches at once.
TEST(Crc32c, PortableVersionAgreesWithLongOnes) {
  std::vector<std::uint8_t> bytes(17'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  for (const std::size_t length : {3'071U, 3'072U, 3'073U, 6'144U, 9'223U, 16'384U, 16'999U}) {
    const ByteView view = ByteView(bytes).subspan(1, length);
    EXPECT_EQ(crc32c(view, 0x1234'5678U), crc32c_portable(view, 0x1234'5678U)) << length;
  }
}

TEST(Crc32c, GoesOnBehindAnEarlierPart) {
  const ByteView whole = bytes_of("the quick brown fox jumps over the lazy dog");
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(crc32c(whole.subspan(cut), crc32c(whole.first(cut))), crc32c(whole));
    EXPECT_EQ(crc32c_portable(whole.subspan(cut), crc32c_portable(whole.first(cut))),
              crc32c(whole));
  }
}

}  // namespace
}  // namespace tapdeck::storage
