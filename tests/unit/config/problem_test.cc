#include "config/problem.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

TEST(Problem, ShowsItsPlace) {
  EXPECT_EQ(to_string(Problem{"a.yaml", 3, "x: wrong", true}), "a.yaml:3: x: wrong");
  EXPECT_EQ(to_string(Problem{"a.yaml", 0, "x: odd", false}), "a.yaml: warning: x: odd");
  EXPECT_EQ(to_string(Problem{"", 0, "x: wrong", true}), "x: wrong");
}

TEST(Problem, WarningsAreNoErrors) {
  std::vector<Problem> problems{{"a", 1, "one", false}};
  EXPECT_FALSE(any_error(problems));
  problems.push_back({"a", 2, "two", true});
  EXPECT_TRUE(any_error(problems));
  EXPECT_EQ(to_string(problems), "a:1: warning: one\na:2: two");
}

TEST(Problem, StandsWhereTheNearestOptionAroundItDoes) {
  const LineMap lines{{"realms", 3}, {"realms[1]", 7}, {"realms[1].vlans", 8}};
  EXPECT_EQ(line_of(lines, "realms[1].vlans"), 8U);
  EXPECT_EQ(line_of(lines, "realms[1].vnis"), 7U);
  EXPECT_EQ(line_of(lines, "realms[2].name"), 3U);
  EXPECT_EQ(line_of(lines, "streams.chunk_count"), 0U);
}

}  // namespace
}  // namespace tapdeck::config
