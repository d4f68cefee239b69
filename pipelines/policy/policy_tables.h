// Policies made ready for evaluation: rules as ranges of tables, each value of a key a numbered
// set, and for each set the rules that can only match where it was hit.  Made by
// policy_tables.cc, read by evaluator.cc.
//
// Each rule that has a positive key over numbers, texts or headers is found through one such key
// (the one whose values the fewest rules share): only rules that were found, and those that have no
// such key, are looked at.
// Threads: any after its making.  Memory: vectors; nothing is allocated afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/policies.h"
#include "pipelines/policy/number_table.h"
#include "pipelines/policy/pattern_database.h"
#include "pipelines/policy/sampling.h"
#include "pipelines/policy/text_index.h"
#include "pipelines/policy/time_windows.h"

namespace tapdeck::policy {

// Whose number; one bit each.
constexpr std::uint8_t kCallerRole = 1;
constexpr std::uint8_t kCalleeRole = 2;
constexpr std::uint8_t kAssertedRole = 4;
constexpr std::uint8_t kDivertedRole = 8;

enum class ClauseKind : std::uint8_t { kNumber, kText, kHeader, kTime };

// One key of a match block: it holds where one of its sets was hit in one of its roles.
struct Clause {
  ClauseKind kind;
  std::uint8_t roles;       // bits; 1 where the kind has no roles
  std::uint16_t key;        // NumberKey, TextKey or the header's slot
  std::uint32_t first_ref;  // in `refs`
  std::uint32_t ref_count;
};

struct ClauseRange {
  std::uint32_t first = 0;  // in `clauses`
  std::uint32_t count = 0;
};

struct CompiledRule {
  ClauseRange match;
  std::uint32_t first_none = 0;  // in `none_of`
  std::uint32_t none_count = 0;
};

// What an expression is looked for in, and the set that it hits.
struct ExpressionUse {
  std::uint32_t set;
  std::uint32_t field;  // kNumberField, or 1 + slot of a header
};

constexpr std::uint32_t kNumberField = 0;
constexpr std::uint32_t kNoSet = 0xffffffff;
constexpr std::size_t kHeaderNameBytesMax = 64;

struct PolicyTables {
  explicit PolicyTables(std::uint64_t seed) : numbers(seed), texts(seed), header_slots(seed) {}

  std::vector<CompiledRule> rules;
  std::vector<ClauseRange> none_of;
  std::vector<Clause> clauses;
  std::vector<std::uint32_t> refs;  // sets, or windows of a clause of times

  std::uint32_t set_count = 0;
  std::vector<std::uint32_t> rules_begin;   // by set, in rules_of_set; one more behind
  std::vector<std::uint32_t> rules_of_set;  // the rules found through a set
  std::vector<std::uint64_t> always;        // bit: the rule is looked at for every call

  NumberTable numbers;
  TextIndex texts;                          // kind: TextKey
  std::vector<std::uint32_t> text_sets;     // by text
  TextIndex header_slots;                   // lower-case names, long and compact
  std::vector<std::uint32_t> slot_of;       // by name in header_slots
  std::vector<std::string> header_names;    // by slot
  std::vector<std::uint32_t> present_sets;  // by slot: hit when the field is there; kNoSet
  std::vector<Expression> expressions;
  std::vector<ExpressionUse> expression_uses;  // by expression
  bool has_number_expressions = false;
  std::optional<PatternDatabase> patterns;  // of `expressions`, when there are any
  TimeWindows windows;
  SampleKey sample_key;
};

// All but `patterns`.  kInvalidArgument: a zone that does not exist.
Result<void> fill_tables(const config::Policies& policies, PolicyTables& tables);

}  // namespace tapdeck::policy
