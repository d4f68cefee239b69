// Puts messages of several workers into time order: each waits `hold_back_ns` for earlier ones,
// then as many leave as have waited long enough, the earliest first.
//
// Threads: the call-plane thread.  Memory: a copy of each waiting message; bounded by the rings'
// rate times the hold-back.  Copies lie one behind the other in blocks, which are filled again when
// all that was in them has left: memory is written and read in sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
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
  // A copy in a block: the message, its bytes behind it.
  struct Held {
    SignalMessage signal;
    std::uint32_t block;
  };

  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t capacity = 0;
    std::size_t used = 0;
    std::uint32_t waiting = 0;  // messages in it
  };

  // What the order needs, so that sorting moves no message.
  struct Entry {
    std::int64_t time_ns;
    std::uint64_t order;
    const Held* held;

    bool operator>(const Entry& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : order > other.order;
    }
  };

  std::byte* take_room(std::size_t bytes);
  void fill_another(std::size_t bytes);
  const Held* take_first();

  std::int64_t hold_back_ns_;
  std::deque<std::int64_t> arrivals_;  // timer times, one per waiting message
  std::deque<Entry> in_order_;         // none comes before the one in front of it
  std::vector<Entry> heap_;            // those that did; smallest (time_ns, order) in front
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> empty_;  // blocks in which nothing waits, the one being filled apart
  std::uint32_t filling_ = 0;
};

}  // namespace tapdeck::calls
