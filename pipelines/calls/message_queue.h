// Puts messages of several workers into time order: each waits `hold_back_ns` for earlier ones,
// then as many leave as have waited long enough, the earliest first.
//
// Threads: the call-plane thread.  Memory: a copy of each waiting message; bounded by the rings'
// rate times the hold-back.  Copies are made into the buffers of messages that have left.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "model/signal.h"

namespace tapdeck::calls {

class MessageQueue {
 public:
  explicit MessageQueue(std::int64_t hold_back_ns) : hold_back_ns_(hold_back_ns) {}

  void put(const SignalMessage& message, std::int64_t timer_now_ns);

  // The earliest message (time_ns, order), once some message has waited long enough.  Its bytes
  // stay until the next put().
  std::optional<SignalMessage> take_due(std::int64_t timer_now_ns);

  // The earliest message, however short it has waited.
  std::optional<SignalMessage> take_any();

 private:
  std::uint32_t take_first();

  struct Held {
    SignalMessage signal;  // `bytes` is the caller's
    std::string bytes;
  };

  // What the order needs, so that sorting moves no message.
  struct Entry {
    std::int64_t time_ns;
    std::uint64_t order;
    std::uint32_t slot;

    bool operator>(const Entry& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : order > other.order;
    }
  };

  std::int64_t hold_back_ns_;
  std::deque<std::int64_t> arrivals_;  // timer times, one per waiting message
  std::deque<Entry> in_order_;         // none comes before the one in front of it
  std::vector<Entry> heap_;            // those that did; smallest (time_ns, order) in front
  std::vector<Held> slots_;
  std::vector<std::string> large_;  // texts of messages that left, too large to be kept for others
  std::vector<std::uint32_t> free_;
};

}  // namespace tapdeck::calls
