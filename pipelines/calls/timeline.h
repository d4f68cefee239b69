// When something held true: the intervals of a hold, or of a direction in which media may flow.
// Threads: the call-plane thread.  Memory: bounded; past the bound the last interval is stretched.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/pool_allocator.h"

namespace tapdeck::calls {

constexpr std::size_t kIntervalsMax = 256;

struct Interval {
  std::int64_t from_ns = 0;  // packet time
  std::int64_t to_ns = 0;
};

class Timeline {
 public:
  void set(bool on, std::int64_t time_ns);

  [[nodiscard]] bool is_on() const { return since_.has_value(); }

  // Nanoseconds for which it held true until `now_ns`.
  [[nodiscard]] std::int64_t total_ns(std::int64_t now_ns) const;
  // All intervals, the open one ending at `now_ns`.
  [[nodiscard]] std::vector<Interval> until(std::int64_t now_ns) const;

 private:
  PoolVector<Interval> closed_;
  std::optional<std::int64_t> since_;
};

}  // namespace tapdeck::calls
