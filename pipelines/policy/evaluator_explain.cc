// Why rules fit or not, in words: apart from the hot path because it allocates.
#include <algorithm>
#include <span>

#include "base/clock.h"
#include "config/number_patterns.h"
#include "pipelines/policy/evaluator.h"
#include "pipelines/signalling/headers.h"

namespace tapdeck::policy {
namespace {

constexpr std::size_t kValuesShown = 3;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string to_text(const config::NumberPattern& pattern) { return config::to_string(pattern); }

std::string to_text(const std::string& text) { return quoted(text); }

std::string to_text(const config::TextPattern& pattern) {
  switch (pattern.form) {
    case config::TextForm::kExact: return quoted(pattern.text);
    case config::TextForm::kPrefix: return quoted(pattern.text + "*");
    case config::TextForm::kRegex: return "/" + pattern.text + (pattern.caseless ? "/i" : "/");
  }
  return {};
}

// "a, b, c and 7 more".
template <typename Value>
std::string listed(const std::vector<Value>& values) {
  std::string out;
  for (std::size_t i = 0; i < std::min(values.size(), kValuesShown); ++i) {
    out += (i == 0 ? "" : ", ") + to_text(values[i]);
  }
  if (values.size() <= kValuesShown) return out;
  return out + " and " + std::to_string(values.size() - kValuesShown) + " more";
}

std::string to_text(const NumberFacts& number) {
  if (number.e164.empty() || number.e164 == number.raw) {
    return std::string(number.raw.empty() ? number.e164 : number.raw);
  }
  if (number.raw.empty()) return std::string(number.e164);
  return std::string(number.e164) + " (" + std::string(number.raw) + ")";
}

bool is_known(const NumberFacts& number) { return !number.raw.empty() || !number.e164.empty(); }

std::string seen(config::NumberKey key, const CallFacts& facts) {
  const auto one = [](const NumberFacts& number) {
    return is_known(number) ? to_text(number) : std::string("not known");
  };
  const auto more = [](std::span<const NumberFacts> numbers) {
    std::string text;
    for (const NumberFacts& number : numbers) text += " nor " + to_text(number);
    return text;
  };
  switch (key) {
    case config::NumberKey::kNumber: return one(facts.caller) + " nor " + one(facts.callee);
    case config::NumberKey::kCaller: return one(facts.caller);
    case config::NumberKey::kCallee: return one(facts.callee);
    case config::NumberKey::kAsserted: return one(facts.asserted) + more(facts.more_asserted);
    case config::NumberKey::kDiverted: return one(facts.diverted) + more(facts.more_diverted);
  }
  return {};
}

std::string_view seen(config::TextKey key, const CallFacts& facts) {
  switch (key) {
    case config::TextKey::kTrunk: return facts.trunk;
    case config::TextKey::kDirection: return call_direction_name(facts.direction);
    case config::TextKey::kAgent: return facts.agent;
    case config::TextKey::kTeam: return facts.team;
    case config::TextKey::kClient: return facts.client;
  }
  return {};
}

bool same_header(std::string_view a, std::string_view b) {
  const sip::HeaderId id = sip::header_id_of(a);
  if (id != sip::HeaderId::kOther) return sip::header_id_of(b) == id;
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::string seen_header(std::string_view name, const CallFacts& facts) {
  std::string out;
  for (const HeaderFact& header : facts.headers) {
    if (same_header(name, header.name)) out += (out.empty() ? "" : ", ") + quoted(header.value);
  }
  return out;
}

std::string number_reason(config::NumberKey key,
                          const std::vector<config::NumberPattern>& values,
                          const CallFacts& facts) {
  const std::string what = seen(key, facts);
  if (what == "not known") return "it is not known";
  const bool is_one = what.find(" nor ") == std::string::npos;
  return (is_one ? what + " is not " : "neither " + what + " is ") + listed(values);
}

std::string text_reason(std::string_view what, const std::vector<std::string>& values) {
  if (what.empty()) return "it is not known";
  return quoted(what) + " is not " + listed(values);
}

// In the order in which policy_tables.cc makes clauses of a block's keys.
class ClauseNames {
 public:
  ClauseNames(const config::MatchBlock& block, const CallFacts& facts)
      : block_(block), facts_(facts) {}

  // What the `index`-th header clause of the block is about.
  void fail(const Clause& clause, std::size_t header_index, RuleVerdict& verdict) const {
    switch (clause.kind) {
      case ClauseKind::kNumber: {
        const auto key = static_cast<config::NumberKey>(clause.key);
        verdict.key = name_of(key);
        verdict.reason = number_reason(key, block_.numbers[clause.key], facts_);
        return;
      }
      case ClauseKind::kText: {
        const auto key = static_cast<config::TextKey>(clause.key);
        verdict.key = name_of(key);
        verdict.reason = text_reason(seen(key, facts_), block_.texts[clause.key]);
        return;
      }
      case ClauseKind::kHeader: {
        const config::HeaderMatch& header = block_.headers[header_index];
        const std::string value = seen_header(header.name, facts_);
        verdict.key = "header." + header.name;
        verdict.reason = value.empty() ? "the call does not have it"
                                       : value + " is not " + listed(header.values);
        return;
      }
      case ClauseKind::kTime:
        verdict.key = "time";
        verdict.reason = format_rfc3339_us(facts_.time_us) + " lies outside";
        return;
    }
  }

 private:
  const config::MatchBlock& block_;
  const CallFacts& facts_;
};

}  // namespace

RuleVerdict Evaluator::verdict_of(std::uint32_t index, const CallFacts& facts) {
  const CompiledRule& rule = tables_->rules[index];
  const ClauseNames names(set_->policies().rules[index].match, facts);
  RuleVerdict verdict;
  verdict.rule = index;
  std::size_t header_index = 0;
  for (std::uint32_t i = 0; i < rule.match.count; ++i) {
    const Clause& clause = tables_->clauses[rule.match.first + i];
    if (!holds(clause)) {
      names.fail(clause, header_index, verdict);
      return verdict;
    }
    if (clause.kind == ClauseKind::kHeader) ++header_index;
  }
  for (std::uint32_t i = 0; i < rule.none_count; ++i) {
    if (!holds(tables_->none_of[rule.first_none + i])) continue;
    verdict.key = rule.none_count == 1 ? "not" : "not[" + std::to_string(i) + "]";
    verdict.reason = "all of its keys hold";
    return verdict;
  }
  verdict.fits = true;
  return verdict;
}

Explanation Evaluator::explain(const CallFacts& facts) {
  begin(facts.time_us);
  note_facts(facts);
  Explanation explanation;
  explanation.decision = decide(first_that_fits(), facts.call_id);
  for (std::uint32_t rule = 0; rule < tables_->rules.size(); ++rule) {
    explanation.rules.push_back(verdict_of(rule, facts));
  }
  return explanation;
}

}  // namespace tapdeck::policy
