// Deadlines of calls.  A call has at most one armed deadline, the earliest of all it waits for; an
// entry that was overtaken is skipped when it comes up, so that activity never touches the queue.
//
// Those that are near stand in a heap that a cache holds.  The others, most of which are overtaken,
// wait unsorted in spans of time, which join the heap when they come near.
// Threads: the call-plane thread.  Memory: 16 bytes per arm() until its deadline or erase_if():
// calls that were given up early leave theirs behind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "model/binding.h"

namespace tapdeck::calls {

constexpr std::int64_t kNever = INT64_MAX;

class TimerQueue {
 public:
  struct Entry {
    std::int64_t deadline_ns = 0;
    CallHandle call{};

    auto operator<=>(const Entry&) const = default;
  };

  TimerQueue() : spans_(kSpans) {}

  void arm(const Entry& entry);

  // Takes the earliest entry whose deadline is not after `timer_now_ns`; ties by call handle.
  std::optional<Entry> take_due(std::int64_t timer_now_ns);

  [[nodiscard]] std::size_t size() const { return heap_.size() + in_spans_ + far_.size(); }

  // Forgets entries; it looks at all of them.
  template <typename IsStale>
  void erase_if(IsStale&& is_stale) {
    std::erase_if(heap_, is_stale);
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
    in_spans_ = 0;
    for (Entries& entries : spans_) {
      std::erase_if(entries, is_stale);
      in_spans_ += entries.size();
    }
    std::erase_if(far_, is_stale);
  }

  // Forgets stale ones when they may have become many; with fewer than 65 536 nothing is looked at.
  template <typename IsStale>
  void sweep(IsStale&& is_stale) {
    if (size() < swept_at_) return;
    erase_if(is_stale);
    swept_at_ = std::max(kSweptMin, 2 * size());
  }

  // The one after it, as far as is known: its call may be asked for.
  [[nodiscard]] const Entry* next() const { return heap_.empty() ? nullptr : &heap_.front(); }

 private:
  static constexpr std::int64_t kSpanNs = 67'108'864;
  static constexpr std::size_t kSpans = 4'096;  // 275 s
  static constexpr std::size_t kSpareMax = 8;
  static constexpr std::size_t kSweptMin = 65'536;

  using Entries = std::vector<Entry>;

  static std::int64_t span_of(std::int64_t deadline_ns);

  void approach(std::int64_t span);
  void leap(std::int64_t span);
  void sort_in_far();
  void push_near(const Entry& entry);
  void put_into_span(std::int64_t span, const Entry& entry);

  Entries& span_at(std::int64_t span) { return spans_[static_cast<std::uint64_t>(span) % kSpans]; }

  std::int64_t first_span_ = INT64_MIN / kSpanNs;  // the first that is not in the heap
  Entries heap_;                                   // the earliest in front
  std::vector<Entries> spans_;                     // kSpans from first_span_ on
  std::size_t in_spans_ = 0;
  Entries far_;  // behind all spans
  std::size_t swept_at_ = kSweptMin;
  std::vector<Entries> spare_;  // emptied spans, whose memory the next ones take
};

}  // namespace tapdeck::calls
