#include "pipelines/policy/policy_set.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "config/policies_load.h"
#include "pipelines/policy/evaluator.h"

namespace tapdeck::policy {
namespace {

config::Policies policies_of(const std::string& text) {
  auto loaded = config::load_policies_text(text, "p");
  EXPECT_EQ(config::to_string(loaded.problems), "");
  return std::move(loaded.policies);
}

TEST(PolicySet, TellsAllExpressionsThatAreNotPossible) {
  const config::Policies policies = policies_of(
      "rules:\n"
      "- name: a\n"
      "  match: {caller: /(1/}\n"
      "- name: b\n"
      "  match:\n"
      "    header: {X-A: [ok, '/a(?=b)/']}\n"
      "    not:\n"
      "      callee: /[/\n");
  EXPECT_EQ(config::to_string(check_expressions(policies, "p")),
            "p:3: /(1/: Missing close parenthesis for group started at index 0\n"
            "p:6: /a(?=b)/: Zero-width assertions are not supported\n"
            "p:8: /[/: Unterminated character class starting at index 0");
  EXPECT_EQ(PolicySet::create(policies).error().code, ErrorCode::kInvalidArgument);
}

TEST(PolicySet, AsksForTheHeadersOfItsRules) {
  const auto set =
      PolicySet::create(policies_of("rules: [{name: a, match: {header: {x-a: '*'}}}]\n"));
  ASSERT_TRUE(set);
  ASSERT_EQ((*set)->header_names().size(), 1U);
  EXPECT_EQ((*set)->header_names()[0], "x-a");
}

TEST(PolicySet, CompilesOnceForManyStarts) {
  const std::string path = ::testing::TempDir() + "/set_" + std::to_string(::getpid());
  const CompileOptions options{.cache_file = path};
  const std::string text = "rules: [{name: a, match: {caller: '/^[+]49/'}}]\n";
  CompileReport report;
  ASSERT_TRUE(PolicySet::create(policies_of(text), options, &report));
  EXPECT_FALSE(report.from_cache);
  EXPECT_EQ(report.cache_trouble, "");
  EXPECT_EQ(report.expression_count, 1U);
  EXPECT_GT(report.database_bytes, 0U);
  const auto again = PolicySet::create(policies_of(text), options, &report);
  ASSERT_TRUE(again);
  EXPECT_TRUE(report.from_cache);
  auto evaluator = Evaluator::create(*again);
  ASSERT_TRUE(evaluator);
  CallFacts facts;
  facts.caller.raw = "+4930";
  EXPECT_EQ(evaluator->evaluate(facts).name, "a");
  // Damaged or of other rules: made anew.
  std::ofstream(path, std::ios::app) << "x";
  ASSERT_TRUE(PolicySet::create(policies_of(text), options, &report));
  EXPECT_FALSE(report.from_cache);
  EXPECT_NE(report.cache_trouble, "");
  ASSERT_TRUE(PolicySet::create(policies_of(text), options, &report));
  EXPECT_TRUE(report.from_cache);
  std::filesystem::remove(path);
}

TEST(PolicySet, ACacheThatCannotBeWrittenIsNoError) {
  CompileReport report;
  EXPECT_TRUE(PolicySet::create(policies_of("rules: [{name: a, match: {caller: /1/}}]\n"),
                                {.cache_file = "/nonexistent/x"},
                                &report));
  EXPECT_NE(report.cache_trouble, "");
}

}  // namespace
}  // namespace tapdeck::policy
