#include "pipelines/policy/number_table.h"

#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "config/number_patterns.h"

namespace tapdeck::policy {
namespace {

using config::NumberForm;
using config::NumberPattern;

NumberTable table_of(const std::vector<std::string>& patterns) {
  NumberTable table(3);
  for (std::uint32_t set = 0; set < patterns.size(); ++set) {
    const auto parsed = config::parse_number_pattern(patterns[set], config::NumberPlace::kNumbers);
    EXPECT_EQ(parsed.mistake, "");
    table.add(parsed.pattern, set);
  }
  table.finish();
  return table;
}

std::set<std::uint32_t> sets_of(const NumberTable& table, std::string_view number) {
  std::set<std::uint32_t> sets;
  table.for_each_set(number, [&](std::uint32_t set) { sets.insert(set); });
  return sets;
}

using Sets = std::set<std::uint32_t>;

TEST(NumberTable, FindsNumbersPrefixesAndRanges) {
  const NumberTable table = table_of({"+4971155501", "+49711*", "*", "+4971100..+4971199", "101"});
  EXPECT_EQ(sets_of(table, "+4971155501"), (Sets{0, 1, 2}));
  EXPECT_EQ(sets_of(table, "+49711"), (Sets{1, 2}));
  EXPECT_EQ(sets_of(table, "+4971150"), (Sets{1, 2, 3}));
  EXPECT_EQ(sets_of(table, "+497115"), (Sets{1, 2}));
  EXPECT_EQ(sets_of(table, "+4971"), (Sets{2}));
  EXPECT_EQ(sets_of(table, "101"), (Sets{2, 4}));
  EXPECT_EQ(sets_of(table, "1011"), (Sets{2}));
  EXPECT_EQ(sets_of(table, "+49711" + std::string(200, '5')), (Sets{1, 2}));
}

TEST(NumberTable, AnEmptyOneHasNothing) {
  const NumberTable table = table_of({});
  EXPECT_TRUE(table.empty());
  EXPECT_TRUE(sets_of(table, "1").empty());
}

TEST(NumberTable, ANumberMayBeInManySets) {
  EXPECT_EQ(sets_of(table_of({"12", "12", "1*", "10..20", "00..99"}), "12"), (Sets{0, 1, 2, 3, 4}));
}

TEST(NumberTable, TakesNumbersOfAnyLengthAndLetters) {
  const NumberTable table = table_of({"+1234567890123456",
                                      "+123456789012345*",
                                      "+12345678901234567*",
                                      "*21*",
                                      "12345678901234567890..12345678901234567899"});
  EXPECT_EQ(sets_of(table, "+1234567890123456"), (Sets{0, 1}));
  EXPECT_EQ(sets_of(table, "+123456789012345678"), (Sets{1, 2}));
  EXPECT_EQ(sets_of(table, "*21*5#"), (Sets{3}));
  EXPECT_EQ(sets_of(table, "12345678901234567895"), (Sets{4}));
  EXPECT_EQ(sets_of(table, "1234567890123456789x"), (Sets{}));
  EXPECT_EQ(sets_of(table, "+123456789012345x"), (Sets{1}));
  EXPECT_EQ(sets_of(table, "alice"), (Sets{}));
  EXPECT_EQ(sets_of(table_of({"*", "00..99"}), "alice"), (Sets{0}));
  for (const char* text : {"+1", "1#", "1x", "*1"})
    EXPECT_EQ(sets_of(table_of({"00..99"}), text), (Sets{}));
}

// Against the plain reading of each pattern.
bool plain_fits(const NumberPattern& pattern, const std::string& number) {
  switch (pattern.form) {
    case NumberForm::kExact: return number == pattern.text;
    case NumberForm::kPrefix: return number.starts_with(pattern.text);
    case NumberForm::kRange:
      return number.size() == pattern.text.size() && number >= pattern.text &&
             number <= pattern.last;
    default: return false;
  }
}

TEST(NumberTable, IsThePlainReading) {
  std::mt19937 random(5);
  const auto number = [&](std::size_t digits) {
    std::string text;
    while (text.size() < digits) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<NumberPattern> patterns(20);
    NumberTable table(random());
    for (std::uint32_t set = 0; set < patterns.size(); ++set) {
      NumberPattern& pattern = patterns[set];
      pattern.form = static_cast<NumberForm>(random() % 3);
      pattern.text = number(1 + random() % 4);
      pattern.last = number(pattern.text.size());
      if (pattern.last < pattern.text) std::swap(pattern.last, pattern.text);
      table.add(pattern, set);
    }
    table.finish();
    for (int i = 0; i < 100; ++i) {
      const std::string text = number(1 + random() % 5);
      Sets wanted;
      for (std::uint32_t set = 0; set < patterns.size(); ++set) {
        if (plain_fits(patterns[set], text)) wanted.insert(set);
      }
      ASSERT_EQ(sets_of(table, text), wanted) << text;
    }
  }
}

}  // namespace
}  // namespace tapdeck::policy
