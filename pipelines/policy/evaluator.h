// Decides what becomes of a call: the first rule of a PolicySet that fits what is known of it.
//
// Threads: one, the owner's; each thread has its own evaluator of the same set.  Memory: 4 bytes
// for each value of a rule and Hyperscan's scratch, in create(); evaluate() allocates nothing. Cost
// (bench/micro/policy_bench): rises with what is known of the call and the rules that were found,
// not with the rules there are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/policies.h"
#include "pipelines/policy/call_facts.h"
#include "pipelines/policy/pattern_database.h"
#include "pipelines/policy/policy_set.h"
#include "pipelines/policy/policy_tables.h"

namespace tapdeck::policy {

// Borrowed from the set.
struct Decision {
  std::uint32_t rule = 0;  // from 0; the number of rules: none fits, the default decides
  std::string_view name;   // of the rule; "default"
  const config::PolicyActions* actions = nullptr;
  config::RecordChoice record = config::RecordChoice::kNone;  // kNone also where not sampled
  bool sampled_out = false;  // the rule records a share of its calls, and this is none of it
};

// Why a rule fits or does not.
struct RuleVerdict {
  std::uint32_t rule = 0;
  bool fits = false;
  std::string key;     // the first key that does not hold: "caller", "header.X-A", "not[1]"; empty
  std::string reason;  // of that in words; empty where the rule fits
};

struct Explanation {
  Decision decision;
  std::vector<RuleVerdict> rules;  // all, in order
};

class Evaluator {
 public:
  static Result<Evaluator> create(std::shared_ptr<const PolicySet> set);

  Decision evaluate(const CallFacts& facts);

  // The same decision, and why each rule fits or not.  Allocates.
  Explanation explain(const CallFacts& facts);

  // What rule `rule` (their number: the default) makes of a call of this Call-ID.
  [[nodiscard]] Decision decide(std::uint32_t rule, std::string_view call_id) const;

  [[nodiscard]] const PolicySet& set() const { return *set_; }

 private:
  Evaluator(std::shared_ptr<const PolicySet> set, std::optional<PatternScratch> scratch);

  void note_facts(const CallFacts& facts);
  void note_numbers(const CallFacts& facts);
  void note_more(std::span<const NumberFacts> numbers, std::uint8_t role);
  void note_number_text(std::string_view text, std::uint8_t roles);
  void note_text(config::TextKey key, std::string_view text);
  void note_header(const HeaderFact& header);
  void scan(std::string_view text, std::uint32_t field, std::uint8_t role);
  void hit(std::uint32_t set, std::uint8_t role);

  [[nodiscard]] bool holds(const Clause& clause);
  [[nodiscard]] bool holds(const ClauseRange& block);
  [[nodiscard]] bool fits(const CompiledRule& rule);
  [[nodiscard]] bool window_holds(std::uint32_t window);
  [[nodiscard]] std::uint32_t first_that_fits();
  [[nodiscard]] RuleVerdict verdict_of(std::uint32_t index, const CallFacts& facts);
  void begin(std::int64_t time_us);

  std::shared_ptr<const PolicySet> set_;
  const PolicyTables* tables_;
  std::optional<PatternScratch> scratch_;
  std::int64_t time_us_ = 0;
  std::uint32_t round_ = 0;               // of evaluation; what is marked with another is not of it
  std::vector<std::uint32_t> hits_;       // by set: round << 8 | roles
  std::vector<std::uint32_t> windows_;    // by window: round << 8 | whether it holds
  std::vector<std::uint64_t> found_;      // bit by rule; clear between evaluations
  std::vector<std::uint64_t> found_any_;  // bit by word of found_ or of tables_->always
  std::vector<std::uint64_t> always_any_;
};

}  // namespace tapdeck::policy
