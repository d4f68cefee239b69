// Deadlines of calls.  A call has at most one armed deadline, the earliest of all it waits for; an
// entry that was overtaken is skipped when it comes up, so that activity never touches the heap.
//
// Threads: the call-plane thread.  Memory: one heap entry per arm(); grows with open calls.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
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

  void arm(const Entry& entry) { heap_.push(entry); }

  // Takes the earliest entry whose deadline is not after `timer_now_ns`; ties by call handle.
  std::optional<Entry> take_due(std::int64_t timer_now_ns);

 private:
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace tapdeck::calls
