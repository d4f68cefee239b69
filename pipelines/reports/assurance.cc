#include "pipelines/reports/assurance.h"

#include <numeric>

namespace tapdeck::reports {

void AssuranceCounts::add(const RecordingInfo& recording) {
  ++calls;
  const auto state = static_cast<std::size_t>(recording.state);
  if (state < kRecordingStates) ++states[state];
  for (const RecordingReason reason : recording.reasons) {
    const auto index = static_cast<std::size_t>(reason);
    if (index < kRecordingReasons) ++reasons[index];
  }
}

bool AssuranceCounts::adds_up() const {
  return std::accumulate(states.begin(), states.end(), std::uint64_t{0}) == calls;
}

void Assurance::add(std::string_view day, const CallRecord& call, bool by_trunk) {
  auto trunk = by_trunk ? std::optional(call.trunk) : std::nullopt;
  groups_[{std::string(day), std::move(trunk)}].add(call.recording);
  total_.add(call.recording);
}

std::vector<AssuranceRow> Assurance::rows() const {
  std::vector<AssuranceRow> rows;
  rows.reserve(groups_.size());
  for (const auto& [group, counts] : groups_) rows.push_back({group.first, group.second, counts});
  return rows;
}

}  // namespace tapdeck::reports
