// SIP messages of one call on their way to its recording: encoded, key material blanked, and DTMF
// where that is wanted, handed out in batches.
//
// Threads: the call-plane thread.  Memory: what has not been handed out; a call keeps at most
// kMessageBytesMax and kMessagesMax over its life, what comes later is counted.
// Format: storage/message_record.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "model/signal.h"

namespace tapdeck::calls {

constexpr std::size_t kMessageBytesMax = 2U << 20;
constexpr std::size_t kMessagesMax = 10'000;
constexpr std::size_t kPendingUsual = 2'048;  // of most calls until their answer

class MessageLog {
 public:
  void add(const SignalMessage& message, bool mask_dtmf);

  // Asks for the memory that a message of so many bytes will be written to.
  void prefetch(std::size_t bytes) const {
    const std::size_t end = std::min(pending_.size() + bytes, pending_.capacity());
    for (std::size_t at = pending_.size(); at < end; at += 64) {
      __builtin_prefetch(pending_.data() + at, 1);
    }
  }

  [[nodiscard]] bool empty() const { return pending_.empty(); }

  // All that was added since the last time.
  std::string take() { return std::exchange(pending_, {}); }

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::string pending_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace tapdeck::calls
