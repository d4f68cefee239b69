#include "config/suggest.h"

#include <array>

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 3> kKnown{"chunk_count", "stream_count_max", "eal"};

TEST(Suggest, FindsTheNearestWord) {
  EXPECT_EQ(nearest_word("chunk_cuont", kKnown), "chunk_count");
  EXPECT_EQ(nearest_word("stream_count", kKnown), "stream_count_max");
  EXPECT_EQ(nearest_word("eel", kKnown), "eal");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_word("bananas", kKnown), "");
  EXPECT_EQ(nearest_word("", kKnown), "");
  EXPECT_EQ(nearest_word("xyz", kKnown), "");  // as many edits as letters: no likeness
  EXPECT_EQ(nearest_word(std::string(100'000, 'c'), kKnown), "");
}

}  // namespace
}  // namespace tapdeck::config
