#include "pipelines/calls/timers.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tapdeck::calls {

std::int64_t TimerQueue::span_of(std::int64_t deadline_ns) {
  return deadline_ns / kSpanNs - (deadline_ns % kSpanNs < 0 ? 1 : 0);
}

void TimerQueue::push_near(const Entry& entry) {
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

void TimerQueue::put_into_span(std::int64_t span, const Entry& entry) {
  Entries& entries = span_at(span);
  if (entries.capacity() == 0 && !spare_.empty()) {
    entries = std::move(spare_.back());
    spare_.pop_back();
  }
  entries.push_back(entry);
  ++in_spans_;
}

void TimerQueue::arm(const Entry& entry) {
  const std::int64_t span = span_of(entry.deadline_ns);
  if (span < first_span_) {
    push_near(entry);
  } else if (static_cast<std::uint64_t>(span - first_span_) < kSpans) {
    put_into_span(span, entry);
  } else {
    far_.push_back(entry);
  }
}

// What the spans reach by now moves into them.
void TimerQueue::sort_in_far() {
  std::erase_if(far_, [this](const Entry& entry) {
    const std::int64_t span = span_of(entry.deadline_ns);
    if (span - first_span_ >= static_cast<std::int64_t>(kSpans)) return false;
    put_into_span(span, entry);
    return true;
  });
}

// With all spans empty: straight to the first entry there is, or to `span`.
void TimerQueue::leap(std::int64_t span) {
  const auto first = std::min_element(far_.begin(), far_.end());
  first_span_ = first == far_.end() ? span : std::min(span, span_of(first->deadline_ns));
  sort_in_far();
}

// Afterwards all entries of `span` and of those before are in the heap.
void TimerQueue::approach(std::int64_t span) {
  while (first_span_ <= span) {
    if (in_spans_ == 0 && span - first_span_ > static_cast<std::int64_t>(kSpans / 2)) leap(span);
    Entries& entries = span_at(first_span_++);
    for (const Entry& entry : entries) push_near(entry);
    in_spans_ -= entries.size();
    if (entries.capacity() > 0) {
      entries.clear();
      if (spare_.size() < kSpareMax) spare_.push_back(std::move(entries));
      entries = Entries();
    }
    // Well before the spans reach where the far ones began.
    if (first_span_ % static_cast<std::int64_t>(kSpans / 2) == 0) sort_in_far();
  }
}

std::optional<TimerQueue::Entry> TimerQueue::take_due(std::int64_t timer_now_ns) {
  approach(span_of(timer_now_ns));
  if (heap_.empty() || heap_.front().deadline_ns > timer_now_ns) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  const Entry entry = heap_.back();
  heap_.pop_back();
  return entry;
}

}  // namespace tapdeck::calls
