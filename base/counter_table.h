// Counters by name, from one list of rows: an enumeration, the names with their help, and a counter
// for each.  A row cannot be in one and missing in another.
//
//   #define TD_LOSSES(X) X(kLate, late, "packets: came too late") ...
//   TD_COUNTER_TABLE(Loss, kLossNames, TD_LOSSES)
//   CounterTable<Loss> losses;
//
// Threads: one writer for each table; any thread reads.  Memory: eight bytes a row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counters.h"

namespace tapdeck {

struct CounterName {
  std::string_view name;  // snake_case
  std::string_view help;
};

#define TD_COUNTER_ENUMERATOR(enumerator, name, help) enumerator,
#define TD_COUNTER_NAME(enumerator, name, help) ::tapdeck::CounterName{#name, help},

// `rows` is a list macro of X(enumerator, snake_case name, help).
// NOLINTBEGIN(bugprone-macro-parentheses): `names` is the name of a variable.
#define TD_COUNTER_TABLE(Enum, names, rows)                                                      \
  enum class Enum : std::uint8_t { rows(TD_COUNTER_ENUMERATOR) kCount };                         \
  constexpr std::array<::tapdeck::CounterName, static_cast<std::size_t>(Enum::kCount)> names = { \
      {rows(TD_COUNTER_NAME)}};

// NOLINTEND(bugprone-macro-parentheses)

template <typename Enum>
class CounterTable {
 public:
  static constexpr std::size_t kCount = static_cast<std::size_t>(Enum::kCount);

  void add(Enum which, std::uint64_t amount = 1) {
    counters_[static_cast<std::size_t>(which)].add(amount);
  }

  [[nodiscard]] std::uint64_t value(Enum which) const {
    return counters_[static_cast<std::size_t>(which)].value();
  }

  // In the order of the rows.
  [[nodiscard]] auto begin() const { return counters_.begin(); }

  [[nodiscard]] auto end() const { return counters_.end(); }

  [[nodiscard]] const Counter& operator[](std::size_t row) const { return counters_[row]; }

 private:
  std::array<Counter, kCount> counters_;
};

using NamedCount = std::pair<std::string_view, std::uint64_t>;

// All rows, zeros included; `names` are those of the table.
template <typename Table, typename Names>
std::vector<NamedCount> named_counts(const Table& table, const Names& names) {
  std::vector<NamedCount> counts;
  counts.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    counts.emplace_back(names[i].name, table[i].value());
  }
  return counts;
}

}  // namespace tapdeck
