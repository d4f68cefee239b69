// A call decided by a policy of ten thousand rules for numbers and five hundred regular
// expressions, by one without a rule, and what makes up the difference.  None may allocate.
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "pipelines/policy/evaluator.h"

namespace tapdeck::policy {
namespace {

constexpr std::uint32_t kCalls = 4'096;

std::string number(std::uint32_t n) { return "+4971" + std::to_string(1'000'000 + n % 9'000'000); }

config::NumberPattern pattern_of(std::uint32_t n) {
  config::NumberPattern pattern;
  pattern.text = number(n * 7'919);
  switch (n % 10) {
    case 8:
      pattern.form = config::NumberForm::kPrefix;
      pattern.text.resize(7 + n / 10 % 4);
      break;
    case 9:
      pattern.form = config::NumberForm::kRange;
      pattern.last = pattern.text;
      pattern.text.replace(pattern.text.size() - 2, 2, "00");
      pattern.last.replace(pattern.last.size() - 2, 2, "99");
      break;
    default: break;
  }
  return pattern;
}

config::PolicyRule& add_rule(config::Policies& policies) {
  config::PolicyRule& rule = policies.rules.emplace_back();
  rule.name = "rule " + std::to_string(policies.rules.size());
  return rule;
}

// Every rule wants an agent that no call has, so that none ends the evaluation before its time.
config::Policies policies_of(std::uint32_t numbers, std::uint32_t expressions) {
  config::Policies policies;
  const auto want_nobody = [&](config::PolicyRule& rule) { rule.match.texts[2] = {"nobody"}; };
  for (std::uint32_t n = 0; n < numbers; ++n) {
    config::PolicyRule& rule = add_rule(policies);
    rule.match.numbers[n % 3].push_back(pattern_of(n));
    want_nobody(rule);
  }
  for (std::uint32_t n = 0; n < expressions; ++n) {
    config::PolicyRule& rule = add_rule(policies);
    if (n % 2 == 0) {
      config::NumberPattern& pattern = rule.match.numbers[n / 2 % 3].emplace_back();
      pattern.form = config::NumberForm::kRegex;
      pattern.text =
          "^\\+49" + std::to_string(100 + n) + "[0-9]{4,6}" + std::to_string(n % 10) + "$";
    } else {
      config::HeaderMatch& header = rule.match.headers.emplace_back();
      header.name = n % 4 == 1 ? "X-Account" : "User-Agent";
      header.values.push_back({config::TextForm::kRegex,
                               false,
                               0,
                               "account-" + std::to_string(n) + "[a-f]+|unit" + std::to_string(n)});
    }
    want_nobody(rule);
  }
  return policies;
}

struct Call {
  std::string caller;
  std::string caller_raw;
  std::string callee;
  std::string callee_raw;
  std::string account;
  std::string id;
};

std::vector<Call> calls() {
  std::vector<Call> made(kCalls);
  for (std::uint32_t i = 0; i < kCalls; ++i) {
    const std::uint32_t n = i * 2'654'435'761U >> 8;
    // Every other caller has a rule.
    made[i].caller = i % 2 == 0 ? number(n % 10'000 * 7'919) : number(n);
    made[i].caller_raw = "0" + made[i].caller.substr(3);
    made[i].callee = number(n + 77);
    made[i].callee_raw = "0" + made[i].callee.substr(3);
    made[i].account = "account-" + std::to_string(n % 600) + "-main";
    made[i].id = std::to_string(n) + "@10.0.0.1";
  }
  return made;
}

CallFacts facts_of(const Call& call, std::vector<HeaderFact>& headers) {
  headers[0] = {"User-Agent", "Example-Phone-42/7.1.3.9-unit"};
  headers[1] = {"X-Account", call.account};
  CallFacts facts;
  facts.caller = {call.caller_raw, call.caller};
  facts.callee = {call.callee_raw, call.callee};
  facts.asserted = {call.caller, call.caller};
  facts.trunk = "carrier";
  facts.direction = CallDirection::kInbound;
  facts.headers = headers;
  facts.time_us = 1'700'000'000'000'000;
  facts.call_id = call.id;
  return facts;
}

// Arguments: rules of numbers, rules of expressions.
void evaluate(benchmark::State& state) {
  auto set = PolicySet::create(policies_of(static_cast<std::uint32_t>(state.range(0)),
                                           static_cast<std::uint32_t>(state.range(1))));
  if (!set) return state.SkipWithError(set.error().message.c_str());
  auto evaluator = Evaluator::create(std::move(*set));
  if (!evaluator) return state.SkipWithError(evaluator.error().message.c_str());
  const std::vector<Call> all = calls();
  std::vector<HeaderFact> headers(2);
  std::size_t at = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluator->evaluate(facts_of(all[at], headers)).rule);
    if (++at == all.size()) at = 0;
  }
  const std::uint64_t made = bench::allocations - before;
  state.counters["allocations/op"] =
      static_cast<double>(made) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
  if (made != 0) state.SkipWithError("an evaluation allocates");
}

// What a reload costs without a cache.
void compile(benchmark::State& state) {
  for (auto _ : state) {
    const auto set = PolicySet::create(policies_of(static_cast<std::uint32_t>(state.range(0)),
                                                   static_cast<std::uint32_t>(state.range(1))));
    if (!set) return state.SkipWithError(set.error().message.c_str());
  }
}

BENCHMARK(evaluate)
    ->Name("policy/evaluate")
    ->Args({0, 0})
    ->Args({1'000, 0})
    ->Args({10'000, 0})
    ->Args({0, 500})
    ->Args({10'000, 500});
BENCHMARK(compile)
    ->Name("policy/compile")
    ->Unit(benchmark::kMillisecond)
    ->Args({10'000, 0})
    ->Args({10'000, 500});

}  // namespace
}  // namespace tapdeck::policy

BENCHMARK_MAIN();
