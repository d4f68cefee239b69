#include "pipelines/policy/evaluator.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace tapdeck::policy {
namespace {

constexpr std::uint32_t kRoundMax = 0xffffff;
constexpr std::uint32_t kRoleBits = 8;

std::size_t words_for(std::size_t bits) { return (bits + 63) / 64; }

void set_bit(std::vector<std::uint64_t>& words, std::size_t bit) {
  words[bit / 64] |= std::uint64_t{1} << bit % 64;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

Evaluator::Evaluator(std::shared_ptr<const PolicySet> set, std::optional<PatternScratch> scratch)
    : set_(std::move(set)),
      tables_(&set_->tables()),
      scratch_(std::move(scratch)),
      hits_(tables_->set_count),
      windows_(tables_->windows.size()),
      found_(words_for(tables_->rules.size())),
      found_any_(words_for(found_.size())),
      always_any_(found_any_.size()) {
  for (std::size_t word = 0; word < found_.size(); ++word) {
    if (tables_->always[word] != 0) set_bit(always_any_, word);
  }
}

Result<Evaluator> Evaluator::create(std::shared_ptr<const PolicySet> set) {
  std::optional<PatternScratch> scratch;
  if (set->tables().patterns) {
    auto made = PatternScratch::create(*set->tables().patterns);
    if (!made) return Error(made.error());
    scratch.emplace(std::move(*made));
  }
  return Evaluator(std::move(set), std::move(scratch));
}

void Evaluator::begin(std::int64_t time_us) {
  time_us_ = time_us;
  if (++round_ <= kRoundMax) return;
  round_ = 1;
  std::ranges::fill(hits_, 0);
  std::ranges::fill(windows_, 0);
}

void Evaluator::hit(std::uint32_t set, std::uint8_t role) {
  std::uint32_t& mark = hits_[set];
  if (mark >> kRoleBits == round_) {
    mark |= role;
    return;
  }
  mark = round_ << kRoleBits | role;
  const std::uint32_t end = tables_->rules_begin[set + 1];
  for (std::uint32_t i = tables_->rules_begin[set]; i < end; ++i) {
    const std::uint32_t rule = tables_->rules_of_set[i];
    set_bit(found_, rule);
    set_bit(found_any_, rule / 64);
  }
}

void Evaluator::scan(std::string_view text, std::uint32_t field, std::uint8_t role) {
  scratch_->scan(*tables_->patterns, text, [&](std::uint32_t expression) {
    const ExpressionUse& use = tables_->expression_uses[expression];
    if (use.field == field) hit(use.set, role);
  });
}

void Evaluator::note_number_text(std::string_view text, std::uint8_t roles) {
  tables_->numbers.for_each_set(text, [&](std::uint32_t set) { hit(set, roles); });
  if (tables_->has_number_expressions) scan(text, kNumberField, roles);
}

// Each text is looked up once, in all of its roles: who calls is often who is asserted.
void Evaluator::note_numbers(const CallFacts& facts) {
  struct Text {
    std::string_view text;
    std::uint8_t roles;
  };

  std::array<Text, 8> texts;
  std::size_t count = 0;
  const auto add = [&](std::string_view text, std::uint8_t role) {
    if (text.empty()) return;
    for (std::size_t i = 0; i < count; ++i) {
      if (texts[i].text != text) continue;
      texts[i].roles |= role;
      return;
    }
    texts[count++] = {text, role};
  };
  const auto add_both = [&](const NumberFacts& number, std::uint8_t role) {
    add(number.e164, role);
    add(number.raw, role);
  };
  add_both(facts.caller, kCallerRole);
  add_both(facts.callee, kCalleeRole);
  add_both(facts.asserted, kAssertedRole);
  add_both(facts.diverted, kDivertedRole);
  for (std::size_t i = 0; i < count; ++i) note_number_text(texts[i].text, texts[i].roles);
  note_more(facts.more_asserted, kAssertedRole);
  note_more(facts.more_diverted, kDivertedRole);
}

void Evaluator::note_more(std::span<const NumberFacts> numbers, std::uint8_t role) {
  for (const NumberFacts& number : numbers) {
    if (!number.e164.empty()) note_number_text(number.e164, role);
    if (!number.raw.empty() && number.raw != number.e164) note_number_text(number.raw, role);
  }
}

void Evaluator::note_text(config::TextKey key, std::string_view text) {
  if (text.empty()) return;
  const std::uint32_t index = tables_->texts.find(text, static_cast<std::uint8_t>(key));
  if (index != TextIndex::kNone) hit(tables_->text_sets[index], 1);
}

void Evaluator::note_header(const HeaderFact& header) {
  std::array<char, kHeaderNameBytesMax> name;
  if (header.name.size() > name.size()) return;
  std::ranges::transform(header.name, name.begin(), to_lower);
  const std::uint32_t index = tables_->header_slots.find({name.data(), header.name.size()}, 0);
  if (index == TextIndex::kNone) return;
  const std::uint32_t slot = tables_->slot_of[index];
  if (tables_->present_sets[slot] != kNoSet) hit(tables_->present_sets[slot], 1);
  if (tables_->patterns) scan(header.value, slot + 1, 1);
}

void Evaluator::note_facts(const CallFacts& facts) {
  if (!tables_->numbers.empty() || tables_->has_number_expressions) {
    note_numbers(facts);
  }
  if (tables_->texts.size() != 0) {
    note_text(config::TextKey::kTrunk, facts.trunk);
    note_text(config::TextKey::kDirection, call_direction_name(facts.direction));
    note_text(config::TextKey::kAgent, facts.agent);
    note_text(config::TextKey::kTeam, facts.team);
    note_text(config::TextKey::kClient, facts.client);
  }
  if (tables_->header_names.empty()) return;
  for (const HeaderFact& header : facts.headers) note_header(header);
}

bool Evaluator::window_holds(std::uint32_t window) {
  std::uint32_t& mark = windows_[window];
  if (mark >> kRoleBits != round_) {
    const bool holds = tables_->windows.holds(window, time_us_);
    mark = round_ << kRoleBits | static_cast<std::uint32_t>(holds);
  }
  return (mark & 1) != 0;
}

bool Evaluator::holds(const Clause& clause) {
  const std::uint32_t* ref = tables_->refs.data() + clause.first_ref;
  const std::uint32_t* end = ref + clause.ref_count;
  if (clause.kind == ClauseKind::kTime) {
    return std::any_of(ref, end, [&](std::uint32_t window) { return window_holds(window); });
  }
  return std::any_of(ref, end, [&](std::uint32_t set) {
    return hits_[set] >> kRoleBits == round_ && (hits_[set] & clause.roles) != 0;
  });
}

bool Evaluator::holds(const ClauseRange& block) {
  const Clause* first = tables_->clauses.data() + block.first;
  return std::all_of(
      first, first + block.count, [&](const Clause& clause) { return holds(clause); });
}

bool Evaluator::fits(const CompiledRule& rule) {
  if (!holds(rule.match)) return false;
  const ClauseRange* first = tables_->none_of.data() + rule.first_none;
  return std::none_of(
      first, first + rule.none_count, [&](const ClauseRange& block) { return holds(block); });
}

// Looks at the rules that were found and those that always are looked at, in order; forgets what
// was found.
std::uint32_t Evaluator::first_that_fits() {
  const auto none = static_cast<std::uint32_t>(tables_->rules.size());
  std::uint32_t first = none;
  for (std::size_t i = 0; i < found_any_.size(); ++i) {
    std::uint64_t words = found_any_[i] | (first == none ? always_any_[i] : 0);
    found_any_[i] = 0;
    for (; words != 0; words &= words - 1) {
      const std::size_t word = i * 64 + static_cast<std::size_t>(std::countr_zero(words));
      std::uint64_t rules = found_[word] | tables_->always[word];
      found_[word] = 0;
      for (; rules != 0 && first == none; rules &= rules - 1) {
        const std::size_t rule = word * 64 + static_cast<std::size_t>(std::countr_zero(rules));
        if (fits(tables_->rules[rule])) first = static_cast<std::uint32_t>(rule);
      }
    }
  }
  return first;
}

Decision Evaluator::decide(std::uint32_t rule, std::string_view call_id) const {
  const config::Policies& policies = set_->policies();
  Decision decision;
  decision.rule = rule;
  if (rule < policies.rules.size()) {
    decision.name = policies.rules[rule].name;
    decision.actions = &policies.rules[rule].actions;
  } else {
    decision.name = config::kFallbackName;
    decision.actions = &policies.fallback;
  }
  decision.record = decision.actions->record;
  if (decision.record != config::RecordChoice::kNone &&
      !is_sampled(call_id, tables_->sample_key, decision.actions->sample_ppm)) {
    decision.record = config::RecordChoice::kNone;
    decision.sampled_out = true;
  }
  return decision;
}

Decision Evaluator::evaluate(const CallFacts& facts) {
  begin(facts.time_us);
  note_facts(facts);
  return decide(first_that_fits(), facts.call_id);
}

}  // namespace tapdeck::policy
