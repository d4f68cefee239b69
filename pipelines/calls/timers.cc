#include "pipelines/calls/timers.h"

namespace tapdeck::calls {

std::optional<TimerQueue::Entry> TimerQueue::take_due(std::int64_t timer_now_ns) {
  if (heap_.empty() || heap_.top().deadline_ns > timer_now_ns) return std::nullopt;
  const Entry entry = heap_.top();
  heap_.pop();
  return entry;
}

}  // namespace tapdeck::calls
