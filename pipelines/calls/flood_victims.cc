#include "pipelines/calls/flood_victims.h"

#include <algorithm>
#include <map>

namespace tapdeck::calls {

void FloodVictims::plan(const std::vector<Entry>& oldest) {
  planned_.clear();
  source_.reset();
  // An ordered map: nobody can aim addresses at one of its buckets.
  std::map<IpAddress, std::size_t> counts;
  std::size_t most = 0;
  for (const Entry& entry : oldest) {
    const std::size_t count = ++counts[entry.source];
    if (count <= most) continue;
    most = count;
    source_ = entry.source;
  }
  // Not all of a source that has few: with its first ones gone another may have most.
  const std::size_t wanted = std::min(std::max<std::size_t>(1, most / 2), kPlannedMax);
  for (const Entry& entry : oldest) {
    if (planned_.size() == wanted) break;
    if (entry.source == source_) planned_.push_back(entry);
  }
  std::reverse(planned_.begin(), planned_.end());
}

std::optional<FloodVictims::Entry> FloodVictims::next() {
  if (planned_.empty()) return std::nullopt;
  const Entry entry = planned_.back();
  planned_.pop_back();
  return entry;
}

}  // namespace tapdeck::calls
