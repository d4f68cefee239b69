// Any text as policies.yaml: reading ends, every problem has a text and a line of the file, and
// what is read without a mistake can be evaluated, where one rule at most decides and its reasons
// agree.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "config/policies_load.h"
#include "pipelines/policy/evaluator.h"

namespace {

using namespace tapdeck;

// Compiling takes its time, which the fuzzer has better uses for.
constexpr std::size_t kExpressionsMax = 4;
constexpr std::size_t kExpressionBytesMax = 16;

std::size_t expression_cost(const config::MatchBlock& block) {
  std::size_t cost = 0;
  const auto add = [&](bool is_regex, const std::string& text) {
    if (is_regex) cost += text.size() > kExpressionBytesMax ? kExpressionsMax + 1 : 1;
  };
  for (const auto& values : block.numbers) {
    for (const auto& value : values) add(value.form == config::NumberForm::kRegex, value.text);
  }
  for (const auto& header : block.headers) {
    for (const auto& value : header.values) add(true, value.text);
  }
  return cost;
}

bool is_quick(const config::Policies& policies) {
  std::size_t cost = 0;
  for (const config::PolicyRule& rule : policies.rules) {
    cost += expression_cost(rule.match);
    for (const config::MatchBlock& block : rule.none_of) cost += expression_cost(block);
  }
  return cost <= kExpressionsMax;
}

void evaluate(config::Policies policies) {
  const std::size_t rules = policies.rules.size();
  auto set = policy::PolicySet::create(std::move(policies));
  if (!set) return;
  auto evaluator = policy::Evaluator::create(std::move(*set));
  TD_ASSERT(evaluator);
  const std::array<policy::HeaderFact, 2> headers{{{"X-A", "gold"}, {"s", "order"}}};
  policy::CallFacts facts;
  facts.caller = {"0711555", "+49711555"};
  facts.callee.raw = "101";
  facts.agent = "anna";
  facts.headers = headers;
  for (int round = 0; round < 2; ++round) {
    const policy::Explanation explanation = evaluator->explain(facts);
    TD_ASSERT(explanation.rules.size() == rules);
    const auto first = std::ranges::find(explanation.rules, true, &policy::RuleVerdict::fits);
    TD_ASSERT(explanation.decision.rule ==
              static_cast<std::size_t>(first - explanation.rules.begin()));
    TD_ASSERT(evaluator->evaluate(facts).rule == explanation.decision.rule);
    facts = {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  config::PolicyLoadOptions options;
  options.read_files = false;
  config::LoadedPolicies loaded = config::load_policies_text(text, "p", options);
  for (const config::Problem& problem : loaded.problems) {
    TD_ASSERT(!problem.message.empty());
    // YAML also knows lines that end in a carriage return.
    TD_ASSERT(problem.line <= lines + static_cast<std::size_t>(std::ranges::count(text, '\r')) + 1);
  }
  if (!config::any_error(loaded.problems) && is_quick(loaded.policies)) {
    evaluate(std::move(loaded.policies));
  }
  return 0;
}
