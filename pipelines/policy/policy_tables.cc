#include "pipelines/policy/policy_tables.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "pipelines/signalling/headers.h"

namespace tapdeck::policy {
namespace {

using config::NumberForm;
using config::NumberKey;
using config::TextForm;

constexpr std::uint8_t kAnyRole = 1;

std::uint8_t roles_of(NumberKey key) {
  switch (key) {
    case NumberKey::kNumber: return kCallerRole | kCalleeRole;
    case NumberKey::kCaller: return kCallerRole;
    case NumberKey::kCallee: return kCalleeRole;
    case NumberKey::kAsserted: return kAssertedRole;
    case NumberKey::kDiverted: return kDivertedRole;
  }
  return 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// An expression that means these bytes and nothing else.
std::string literal(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

class TableBuilder {
 public:
  TableBuilder(const config::Policies& policies, PolicyTables& out)
      : policies_(policies), out_(out) {
    for (const config::NumberList& list : policies.lists) lists_.emplace(list.name, &list);
  }

  Result<void> build();

 private:
  // The set of that name, and whether it is new.
  std::pair<std::uint32_t, bool> set_of(const std::string& name);
  std::uint32_t number_set(const config::NumberPattern& pattern);
  std::uint32_t text_set(config::TextKey key, const std::string& text);
  std::uint32_t header_set(std::uint32_t slot, const config::TextPattern& pattern);
  std::uint32_t header_slot(const std::string& name);
  void add_expression(std::string text, bool caseless, ExpressionUse use);
  void add_header_name(std::string_view name, std::uint32_t slot);

  void begin_clause(ClauseKind kind, std::uint8_t roles, std::size_t key);
  void add_ref(std::uint32_t ref);
  Result<ClauseRange> add_block(const config::MatchBlock& block);
  void find_ways_to_rules();

  const config::Policies& policies_;
  PolicyTables& out_;
  std::unordered_map<std::string_view, const config::NumberList*> lists_;
  std::unordered_map<std::string, std::uint32_t> sets_;
};

std::pair<std::uint32_t, bool> TableBuilder::set_of(const std::string& name) {
  const auto [at, is_new] = sets_.try_emplace(name, out_.set_count);
  if (is_new) ++out_.set_count;
  return {at->second, is_new};
}

void TableBuilder::add_expression(std::string text, bool caseless, ExpressionUse use) {
  out_.expressions.push_back({std::move(text), caseless});
  out_.expression_uses.push_back(use);
}

std::uint32_t TableBuilder::number_set(const config::NumberPattern& pattern) {
  const std::string name = std::to_string(static_cast<int>(pattern.form)) + " " +
                           (pattern.caseless ? "i" : "") + " " + pattern.text + " " + pattern.last;
  const auto [set, is_new] = set_of(name);
  if (!is_new) return set;
  if (pattern.form == NumberForm::kRegex) {
    add_expression(pattern.text, pattern.caseless, {set, kNumberField});
    out_.has_number_expressions = true;
  } else if (pattern.form == NumberForm::kList) {
    const auto list = lists_.find(pattern.text);
    if (list == lists_.end()) return set;
    for (const config::NumberPattern& number : list->second->numbers) {
      out_.numbers.add(number, set);
    }
  } else {
    out_.numbers.add(pattern, set);
  }
  return set;
}

std::uint32_t TableBuilder::text_set(config::TextKey key, const std::string& text) {
  const std::uint32_t index = out_.texts.add(text, static_cast<std::uint8_t>(key));
  if (index == out_.text_sets.size()) out_.text_sets.push_back(out_.set_count++);
  return out_.text_sets[index];
}

void TableBuilder::add_header_name(std::string_view name, std::uint32_t slot) {
  const std::uint32_t index = out_.header_slots.add(lower(name), 0);
  if (index == out_.slot_of.size()) out_.slot_of.push_back(slot);
}

std::uint32_t TableBuilder::header_slot(const std::string& name) {
  const sip::HeaderId id = sip::header_id_of(name);
  const std::string full(id == sip::HeaderId::kOther ? name : sip::header_name(id));
  const std::uint32_t known = out_.header_slots.find(lower(full), 0);
  if (known != TextIndex::kNone) return out_.slot_of[known];
  const auto slot = static_cast<std::uint32_t>(out_.header_names.size());
  out_.header_names.push_back(full);
  out_.present_sets.push_back(kNoSet);
  add_header_name(full, slot);
  for (char letter = 'a'; id != sip::HeaderId::kOther && letter <= 'z'; ++letter) {
    if (sip::header_id_of({&letter, 1}) == id) add_header_name({&letter, 1}, slot);
  }
  return slot;
}

std::uint32_t TableBuilder::header_set(std::uint32_t slot, const config::TextPattern& pattern) {
  const auto [set, is_new] =
      set_of("h" + std::to_string(slot) + " " + std::to_string(static_cast<int>(pattern.form)) +
             (pattern.caseless ? "i " : "- ") + pattern.text);
  if (!is_new) return set;
  const ExpressionUse use{set, slot + 1};
  switch (pattern.form) {
    case TextForm::kExact: add_expression("^" + literal(pattern.text) + "\\z", true, use); break;
    case TextForm::kRegex: add_expression(pattern.text, pattern.caseless, use); break;
    case TextForm::kPrefix:
      if (pattern.text.empty()) {
        out_.present_sets[slot] = set;
      } else {
        add_expression("^" + literal(pattern.text), true, use);
      }
      break;
  }
  return set;
}

void TableBuilder::begin_clause(ClauseKind kind, std::uint8_t roles, std::size_t key) {
  out_.clauses.push_back({kind,
                          roles,
                          static_cast<std::uint16_t>(key),
                          static_cast<std::uint32_t>(out_.refs.size()),
                          0});
}

void TableBuilder::add_ref(std::uint32_t ref) {
  out_.refs.push_back(ref);
  ++out_.clauses.back().ref_count;
}

Result<ClauseRange> TableBuilder::add_block(const config::MatchBlock& block) {
  ClauseRange range{static_cast<std::uint32_t>(out_.clauses.size()), 0};
  for (std::size_t key = 0; key < config::kTextKeyCount; ++key) {
    if (block.texts[key].empty()) continue;
    begin_clause(ClauseKind::kText, kAnyRole, key);
    for (const std::string& text : block.texts[key]) {
      add_ref(text_set(static_cast<config::TextKey>(key), text));
    }
  }
  for (std::size_t key = 0; key < config::kNumberKeyCount; ++key) {
    if (block.numbers[key].empty()) continue;
    begin_clause(ClauseKind::kNumber, roles_of(static_cast<NumberKey>(key)), key);
    for (const config::NumberPattern& pattern : block.numbers[key]) add_ref(number_set(pattern));
  }
  for (const config::HeaderMatch& header : block.headers) {
    const std::uint32_t slot = header_slot(header.name);
    begin_clause(ClauseKind::kHeader, kAnyRole, slot);
    for (const config::TextPattern& pattern : header.values) add_ref(header_set(slot, pattern));
  }
  if (!block.times.empty()) {
    begin_clause(ClauseKind::kTime, kAnyRole, 0);
    for (const config::TimeWindow& time : block.times) {
      const Result<std::uint32_t> window = out_.windows.add(time);
      if (!window) return Error(window.error());
      add_ref(*window);
    }
  }
  range.count = static_cast<std::uint32_t>(out_.clauses.size()) - range.first;
  return range;
}

// Chooses for each rule the clause through whose sets it is found: the one that the fewest share.
void TableBuilder::find_ways_to_rules() {
  std::vector<std::uint64_t> uses(out_.set_count, 0);
  const auto for_each_ref = [&](const Clause& clause, const auto& take) {
    for (std::uint32_t i = 0; i < clause.ref_count; ++i) take(out_.refs[clause.first_ref + i]);
  };
  for (const Clause& clause : out_.clauses) {
    if (clause.kind != ClauseKind::kTime) for_each_ref(clause, [&](auto set) { ++uses[set]; });
  }
  out_.always.assign((out_.rules.size() + 63) / 64, 0);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;  // set, rule
  for (std::uint32_t rule = 0; rule < out_.rules.size(); ++rule) {
    const ClauseRange match = out_.rules[rule].match;
    const Clause* best = nullptr;
    std::uint64_t fewest = ~std::uint64_t{0};
    for (std::uint32_t i = match.first; i < match.first + match.count; ++i) {
      const Clause& clause = out_.clauses[i];
      if (clause.kind == ClauseKind::kTime) continue;
      std::uint64_t most = 0;
      for_each_ref(clause, [&](auto set) { most = std::max(most, uses[set]); });
      if (most >= fewest) continue;
      fewest = most;
      best = &clause;
    }
    if (best == nullptr) {
      out_.always[rule / 64] |= std::uint64_t{1} << rule % 64;
    } else {
      for_each_ref(*best, [&](auto set) { pairs.emplace_back(set, rule); });
    }
  }
  std::ranges::sort(pairs);
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  out_.rules_begin.assign(out_.set_count + 1, 0);
  for (const auto& [set, rule] : pairs) {
    ++out_.rules_begin[set + 1];
    out_.rules_of_set.push_back(rule);
  }
  for (std::size_t set = 0; set < out_.set_count; ++set) {
    out_.rules_begin[set + 1] += out_.rules_begin[set];
  }
}

Result<void> TableBuilder::build() {
  for (const config::PolicyRule& rule : policies_.rules) {
    CompiledRule compiled;
    const auto match = add_block(rule.match);
    if (!match) return Error(match.error());
    compiled.match = *match;
    compiled.first_none = static_cast<std::uint32_t>(out_.none_of.size());
    compiled.none_count = static_cast<std::uint32_t>(rule.none_of.size());
    for (const config::MatchBlock& block : rule.none_of) {
      const auto none = add_block(block);
      if (!none) return Error(none.error());
      out_.none_of.push_back(*none);
    }
    out_.rules.push_back(compiled);
  }
  out_.numbers.finish();
  find_ways_to_rules();
  out_.sample_key = sample_key_of(policies_.sample_key);
  return {};
}

}  // namespace

Result<void> fill_tables(const config::Policies& policies, PolicyTables& tables) {
  return TableBuilder(policies, tables).build();
}

}  // namespace tapdeck::policy
