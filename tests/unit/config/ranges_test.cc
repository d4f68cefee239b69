#include "config/ranges.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

TEST(Ranges, NumbersAndRangesAreRead) {
  EXPECT_EQ(parse_range("7"), (NumberRange{7, 7}));
  EXPECT_EQ(parse_range("100-199"), (NumberRange{100, 199}));
  EXPECT_EQ(to_string(NumberRange{7, 7}), "7");
  EXPECT_EQ(to_string(NumberRange{100, 199}), "100-199");
}

TEST(Ranges, AnythingElseIsNone) {
  for (const char* text : {"", "-", "7-", "-7", "9-7", "1-2-3", "0x10", "7 ", "99999999999"}) {
    EXPECT_EQ(parse_range(text), std::nullopt) << text;
  }
}

TEST(Ranges, OverlapCountsTheBounds) {
  EXPECT_TRUE(overlap({1, 5}, {5, 9}));
  EXPECT_TRUE(overlap({1, 9}, {4, 5}));
  EXPECT_FALSE(overlap({1, 4}, {5, 9}));
}

}  // namespace
}  // namespace tapdeck::config
