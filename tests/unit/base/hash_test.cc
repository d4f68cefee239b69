#include "base/hash.h"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(Hash, SeedAndEveryByteAndLengthCount) {
  std::set<std::uint64_t> seen;
  std::string text;
  for (int length = 0; length < 40; ++length, text.push_back('\0')) {
    seen.insert(hash_text(text, 1));
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string changed = text;
      changed[i] = 1;
      seen.insert(hash_text(changed, 1));
    }
  }
  EXPECT_EQ(seen.size(), 40u + 39u * 40u / 2u) << "two of these inputs hash alike";
  EXPECT_NE(hash_text("a", 1), hash_text("a", 2));
  EXPECT_EQ(hash_text("a", 1), hash_text("a", 1));
}

TEST(Hash, LowBitsSpreadOverBuckets) {
  std::array<int, 64> buckets{};
  for (std::uint32_t i = 0; i < 64'000; ++i) {
    std::array<std::uint8_t, 4> key{};
    store_le(key.data(), i);
    ++buckets[hash_bytes(key, 7) & 63];
  }
  for (const int count : buckets) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1'200);
  }
}

}  // namespace
}  // namespace tapdeck
