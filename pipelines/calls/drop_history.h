// When the drop counters of capture ports rose: what a stream lost in such a second may have been
// dropped by the card or the kernel of this host.
// Threads: the call-plane thread.  Memory: adjacent intervals are joined, and the oldest of more
// than kDropIntervalsMax of a port are forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

namespace tapdeck::calls {

constexpr std::size_t kDropIntervalsMax = 65'536;  // of one port

class DropHistory {
 public:
  // The counter of the port was higher at `to_ns` than at `from_ns` (UTC); later times later.
  void add(std::uint16_t port_index, std::int64_t from_ns, std::int64_t to_ns);

  // True when it rose at some time between these two.
  [[nodiscard]] bool overlaps(std::uint16_t port_index,
                              std::int64_t from_ns,
                              std::int64_t to_ns) const;

 private:
  struct Span {
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
  };

  std::map<std::uint16_t, std::deque<Span>> by_port_;  // oldest first
};

}  // namespace tapdeck::calls
