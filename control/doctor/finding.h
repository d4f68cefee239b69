// What `tapdeck doctor` says of one property of the host: how it is, whether that holds the
// recorder back, and what would mend it. Threads: any.  Memory: plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tapdeck::control {

enum class Health {
  kGood,
  kNote,     // a fact to know; nothing to mend
  kSlow,     // it works, below what the machine could do
  kBlocked,  // Tapdeck does not work, or loses packets, until it is mended
};

constexpr std::string_view health_name(Health health) {
  switch (health) {
    case Health::kGood: return "good";
    case Health::kNote: return "note";
    case Health::kSlow: return "slow";
    case Health::kBlocked: return "blocked";
  }
  return "unknown";
}

struct Finding {
  std::string check;  // "hugepages"
  Health health = Health::kGood;
  std::string found;   // how it is, with units
  std::string remedy;  // what to do; empty when there is nothing to do
};

using Findings = std::vector<Finding>;

}  // namespace tapdeck::control
