#include "config/suggest.h"

#include <array>

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 3> kKnownOptions{"chunk_count", "stream_count_max", "eal"};

TEST(Suggest, FindsTheNearestWord) {
  EXPECT_EQ(nearest_word("chunk_cuont", kKnownOptions), "chunk_count");
  EXPECT_EQ(nearest_word("stream_count", kKnownOptions), "stream_count_max");
  EXPECT_EQ(nearest_word("eel", kKnownOptions), "eal");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_word("bananas", kKnownOptions), "");
  EXPECT_EQ(nearest_word("", kKnownOptions), "");
  EXPECT_EQ(nearest_word("xyz", kKnownOptions), "");  // as many edits as letters: no likeness
  EXPECT_EQ(nearest_word(std::string(100'000, 'c'), kKnownOptions), "");
}

}  // namespace
}  // namespace tapdeck::config
