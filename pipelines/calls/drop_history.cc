#include "pipelines/calls/drop_history.h"

#include <algorithm>

namespace tapdeck::calls {

void DropHistory::add(std::uint16_t port_index, std::int64_t from_ns, std::int64_t to_ns) {
  std::deque<Span>& spans = by_port_[port_index];
  if (!spans.empty() && from_ns <= spans.back().to_ns) {
    spans.back().to_ns = std::max(spans.back().to_ns, to_ns);
    return;
  }
  if (spans.size() == kDropIntervalsMax) spans.pop_front();
  spans.push_back({from_ns, to_ns});
}

bool DropHistory::overlaps(std::uint16_t port_index,
                           std::int64_t from_ns,
                           std::int64_t to_ns) const {
  const auto found = by_port_.find(port_index);
  if (found == by_port_.end()) return false;
  const std::deque<Span>& spans = found->second;
  const auto at = std::partition_point(
      spans.begin(), spans.end(), [from_ns](const Span& span) { return span.to_ns < from_ns; });
  return at != spans.end() && at->from_ns <= to_ns;
}

}  // namespace tapdeck::calls
