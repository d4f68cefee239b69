// Puts messages of several workers into time order: each waits `hold_back_ns` for earlier ones,
// then as many leave as have waited long enough, the earliest first.
//
// Threads: the call-plane thread.  Memory: a copy of each waiting message; bounded by the rings'
// rate times the hold-back.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "model/signal.h"

namespace tapdeck::calls {

// A message with its own bytes.
struct HeldMessage {
  SignalMessage signal;  // `bytes` is set by view()
  std::string bytes;

  // The message; borrows this object.
  [[nodiscard]] SignalMessage view() const;
};

class MessageQueue {
 public:
  explicit MessageQueue(std::int64_t hold_back_ns) : hold_back_ns_(hold_back_ns) {}

  void put(const SignalMessage& message, std::int64_t timer_now_ns);

  // The earliest message (time_ns, order), once some message has waited long enough.
  std::optional<HeldMessage> take_due(std::int64_t timer_now_ns);

  // The earliest message, however short it has waited.
  std::optional<HeldMessage> take_any();

 private:
  struct Later {
    bool operator()(const HeldMessage& a, const HeldMessage& b) const;
  };

  std::int64_t hold_back_ns_;
  std::deque<std::int64_t> arrivals_;  // timer times, one per waiting message
  std::vector<HeldMessage> heap_;      // smallest (time_ns, order) in front
};

}  // namespace tapdeck::calls
