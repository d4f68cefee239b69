// Recording assurance: every call is in exactly one recording state, so the sum over the states is
// the number of calls, in each group and in all.  Groups are days and trunks.
// Threads: one at a time.  Memory: one row per group.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/call.h"

namespace tapdeck::reports {

// By enumerator.
constexpr std::size_t kRecordingStates = 4;
constexpr std::size_t kRecordingReasons = 16;

struct AssuranceCounts {
  std::uint64_t calls = 0;
  std::array<std::uint64_t, kRecordingStates> states{};
  // Of calls with gaps and of those that were not recorded; a call may have several.
  std::array<std::uint64_t, kRecordingReasons> reasons{};

  void add(const RecordingInfo& recording);

  // What the rule says: no call is missing, none counts twice.
  [[nodiscard]] bool adds_up() const;
};

struct AssuranceRow {
  std::string day;                   // empty where days are not told apart
  std::optional<std::string> trunk;  // nullopt: not told apart; empty: calls without one
  AssuranceCounts counts;
};

class Assurance {
 public:
  // `day` of the call's key time, in the zone the reader lives in.
  void add(std::string_view day, const CallRecord& call, bool by_trunk);

  [[nodiscard]] std::vector<AssuranceRow> rows() const;  // by day, then trunk

  [[nodiscard]] const AssuranceCounts& total() const { return total_; }

 private:
  std::map<std::pair<std::string, std::optional<std::string>>, AssuranceCounts> groups_;
  AssuranceCounts total_;
};

}  // namespace tapdeck::reports
