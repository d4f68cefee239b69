#include "bench/load/bench_policy.h"

#include <gtest/gtest.h>

#include "bench/load/calls_load.h"
#include "config/policies_load.h"

namespace tapdeck::load {
namespace {

TEST(BenchPolicy, HasSoManyRulesThatTheLoaderTakes) {
  const config::LoadedPolicies loaded =
      config::load_policies_text(policy_text(1'000, 1), "bench.yaml");
  for (const config::Problem& problem : loaded.problems) ADD_FAILURE() << problem.message;
  EXPECT_EQ(loaded.policies.rules.size(), 1'050U) << "an expression for every twenty";
  std::size_t numbers = 0;
  std::size_t headers = 0;
  for (const config::PolicyRule& rule : loaded.policies.rules) {
    for (const auto& patterns : rule.match.numbers) numbers += patterns.size();
    headers += rule.match.headers.size();
  }
  EXPECT_EQ(numbers, 1'025U);
  EXPECT_EQ(headers, 25U);
  EXPECT_NE(policy_text(10, 1), policy_text(10, 2));
}

TEST(BenchPolicy, DecidesSomeCallsByRulesAndAllAreRecorded) {
  const auto sources = load_bench_policy(1'000, 1);
  ASSERT_TRUE(sources) << sources.error().message;
  policy::Evaluator& evaluator = *sources->evaluator;
  for (std::uint32_t call = 0; call < 1'000; ++call) {
    BindMessage message;
    message.mask_keys = false;
    decide_binding(evaluator, call, message);
    ASSERT_TRUE(message.keep);
    ASSERT_TRUE(message.mask_keys);
    ASSERT_TRUE(message.dtmf_to.concerns(101));
  }
  std::uint32_t by_rules = 0;
  const auto rules = static_cast<std::uint32_t>(sources->set->policies().rules.size());
  for (std::uint32_t number = 0; number < 1'000'000; number += 97) {
    const std::string digits = std::to_string(10'000'000 + number).substr(1);
    const std::string e164 = "+4930" + digits;
    policy::CallFacts facts;
    facts.caller = {std::string_view(e164).substr(1), e164};
    by_rules += evaluator.evaluate(facts).rule < rules ? 1 : 0;
  }
  EXPECT_GT(by_rules, 100U) << "rules that fit nobody cost less than others";
}

TEST(BenchPolicy, CallsComeOutWithRulesAsWithout) {
  const auto found =
      run_calls_load({.open_calls = 100, .calls_per_second = 200, .seconds = 0.01, .rules = 100});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_GT(found->calls, 0U);
}

}  // namespace
}  // namespace tapdeck::load
