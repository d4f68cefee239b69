// Messages that are due, read some at a time: while they are, the memory of their calls is on its
// way.  They are handled one by one afterwards.
// Threads: one.  Memory: kMax readers, which keep theirs; what read() returns is good until the
// next add() or read_alone().  Full: add() on a full group is an error of the caller.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/signal.h"
#include "pipelines/calls/call_table.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

struct DueMessage {
  SignalMessage signal{};
  FactsResult result{};
  std::uint64_t hash = 0;  // of its realm and Call-ID, where it has facts
  std::uint32_t slot = 0;  // where its call will mostly be
};

class MessageGroup {
 public:
  static constexpr std::size_t kMax = 16;

  // Both must outlive this.
  MessageGroup(const HeaderChoice& choice, const CallTable& table);

  // From now on other header fields are read; the group must be empty.
  void choose(const HeaderChoice& choice);

  // Borrows the message's bytes until read().
  void add(const SignalMessage& message) { messages_[count_++].signal = message; }

  [[nodiscard]] bool full() const { return count_ == kMax; }

  // All that was added, in that order; the group is empty then.
  std::span<const DueMessage> read();

  // One message apart from the group, which must be empty.
  FactsResult read_alone(const SignalMessage& message) { return readers_[0].read(message.view()); }

 private:
  void read_facts(std::span<DueMessage> due);
  void ask_for_calls(std::span<DueMessage> due) const;

  const CallTable& table_;
  std::array<FactsReader, kMax> readers_;
  std::array<DueMessage, kMax> messages_{};
  std::size_t count_ = 0;
};

}  // namespace tapdeck::calls
