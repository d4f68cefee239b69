#include "pipelines/policy/pattern_database.h"

#include <set>

#include <gtest/gtest.h>

namespace tapdeck::policy {
namespace {

std::set<std::uint32_t> scanned(const PatternDatabase& database, std::string_view text) {
  auto scratch = PatternScratch::create(database);
  EXPECT_TRUE(scratch);
  std::multiset<std::uint32_t> found;
  scratch->scan(database, text, [&](std::uint32_t index) { found.insert(index); });
  const std::set<std::uint32_t> once(found.begin(), found.end());
  EXPECT_EQ(found.size(), once.size());  // each is told once
  return once;
}

const std::vector<Expression> kExpressions{
    {"^\\+4971", false}, {"gold", true}, {"55$", false}, {"x*", false}};

TEST(PatternDatabase, TellsWhichFit) {
  const auto database = PatternDatabase::compile(kExpressions);
  ASSERT_TRUE(database);
  EXPECT_EQ(scanned(*database, "+49711555"), (std::set<std::uint32_t>{0, 2, 3}));
  EXPECT_EQ(scanned(*database, "a GOLD one"), (std::set<std::uint32_t>{1, 3}));
  EXPECT_EQ(scanned(*database, "1+4971"), (std::set<std::uint32_t>{3}));
}

TEST(PatternDatabase, IsTheSameAfterAFile) {
  const auto database = PatternDatabase::compile(kExpressions);
  ASSERT_TRUE(database);
  const auto bytes = database->serialise();
  ASSERT_TRUE(bytes);
  const auto again = PatternDatabase::deserialise(*bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(scanned(*again, "+49711555"), (std::set<std::uint32_t>{0, 2, 3}));
  EXPECT_EQ(PatternDatabase::deserialise(ByteView(*bytes).first(10)).error().code,
            ErrorCode::kCorrupt);
}

TEST(PatternDatabase, SaysWhatIsWrong) {
  EXPECT_EQ(expression_mistake({"a{2}", false}), "");
  EXPECT_NE(expression_mistake({"(a", false}), "");
  EXPECT_EQ(expression_mistake({"(a)\\1", false}), "Back-references are unsupported");
  const auto database =
      PatternDatabase::compile(std::vector<Expression>{{"a", false}, {"(?<=a)b", false}});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().message,
            "the expression /(?<=a)b/ cannot be compiled: Zero-width assertions are not supported");
}

}  // namespace
}  // namespace tapdeck::policy
