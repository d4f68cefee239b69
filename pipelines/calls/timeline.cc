#include "pipelines/calls/timeline.h"

#include <algorithm>

namespace tapdeck::calls {

void Timeline::set(bool on, std::int64_t time_ns) {
  if (on == is_on()) return;
  if (on) {
    since_ = time_ns;
    return;
  }
  const Interval interval{*since_, std::max(*since_, time_ns)};
  since_.reset();
  if (closed_.size() < kIntervalsMax) {
    closed_.push_back(interval);
  } else {
    closed_.back().to_ns = interval.to_ns;
  }
}

std::vector<Interval> Timeline::until(std::int64_t now_ns) const {
  std::vector<Interval> intervals;
  intervals.reserve(closed_.size() + 1);
  intervals.assign(closed_.begin(), closed_.end());
  if (since_) intervals.push_back({*since_, std::max(*since_, now_ns)});
  return intervals;
}

std::int64_t Timeline::total_ns(std::int64_t now_ns) const {
  std::int64_t total = 0;
  for (const Interval& interval : closed_) total += interval.to_ns - interval.from_ns;
  return since_ ? total + std::max<std::int64_t>(0, now_ns - *since_) : total;
}

}  // namespace tapdeck::calls
