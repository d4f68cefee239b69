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

TEST(Ranges, AreAddedWithinTheirBounds) {
  std::vector<NumberRange> ranges;
  const std::string wanted = "a number of 1 to 9, or a range like 100-199, is wanted";
  EXPECT_EQ(add_range("1-9", 1, 9, ranges), "");
  EXPECT_EQ(add_range("0-9", 1, 9, ranges), wanted);
  EXPECT_EQ(add_range("1-10", 1, 9, ranges), wanted);
  EXPECT_EQ(add_range("", 1, 9, ranges), wanted);
  EXPECT_EQ(ranges, (std::vector<NumberRange>{{1, 9}}));
}

TEST(Ranges, HaveOneOwner) {
  RangeOwners owners;
  EXPECT_EQ(owners.give({1, 5}, "core"), "");
  EXPECT_EQ(owners.give({5, 9}, "edge"), "5-9 overlaps 1-5 of realm core");
  EXPECT_EQ(owners.give({6, 9}, "edge"), "");
  EXPECT_EQ(owners.give({7, 7}, "edge"), "7 overlaps 6-9 of realm edge");
  EXPECT_EQ(owners.count(), 2U);
}

}  // namespace
}  // namespace tapdeck::config
