#include "pipelines/policy/policy_tables.h"

#include <gtest/gtest.h>

#include "config/policies_load.h"

namespace tapdeck::policy {
namespace {

// With `lines` under "rules:".
PolicyTables tables_of(const std::string& lines) {
  const auto loaded = config::load_policies_text("lists: {vip: [1, 2]}\nrules:\n" + lines, "p");
  EXPECT_EQ(config::to_string(loaded.problems), "");
  PolicyTables tables(1);
  EXPECT_TRUE(fill_tables(loaded.policies, tables));
  return tables;
}

TEST(PolicyTables, EqualValuesAreOneSet) {
  const PolicyTables tables = tables_of(
      "- {name: a, match: {caller: [1, '@vip', /x/]}}\n"
      "- {name: b, match: {callee: ['@vip', 1, /x/], agent: anna}}\n"
      "- {name: c, match: {team: anna, number: '1*'}}\n");
  EXPECT_EQ(tables.set_count, 6U);
  EXPECT_EQ(tables.expressions.size(), 1U);
}

TEST(PolicyTables, ARuleIsFoundThroughTheKeyThatFewestShare) {
  const PolicyTables tables = tables_of(
      "- {name: a, match: {caller: '1*', agent: anna}}\n"
      "- {name: b, match: {caller: '1*', agent: berta}}\n"
      "- {name: c, match: {time: {days: mon}}}\n"
      "- {name: d, match: {not: {caller: 5}}}\n");
  EXPECT_EQ(tables.rules_of_set.size(), 2U);  // not through '1*'
  EXPECT_EQ(tables.always, std::vector<std::uint64_t>{0b1100});
}

TEST(PolicyTables, HeadersHaveTheirLongName) {
  const PolicyTables tables = tables_of(
      "- {name: a, match: {header: {s: order, X-Account: '*'}}}\n"
      "- {name: b, match: {header: {SUBJECT: /x/, x-account: gold}}}\n");
  EXPECT_EQ(tables.header_names, (std::vector<std::string>{"Subject", "X-Account"}));
  EXPECT_EQ(tables.expressions.size(), 3U);  // that a field is there needs none
}

}  // namespace
}  // namespace tapdeck::policy
