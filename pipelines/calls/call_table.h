// Open calls: by slot (CallHandle) and by (realm, Call-ID).  A slot's generation rises when it is
// freed, so that a stale handle finds nothing.
//
// Threads: the call-plane thread.  Memory: one Call per open call, at most `calls_max` slots; slot
// 0 is never used.  Full: the caller evicts least_useful() first: calls that are worth least, and
// of those the oldest of the source that has most (flood_victims.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "model/binding.h"
#include "pipelines/calls/call.h"
#include "pipelines/calls/flood_victims.h"
#include "pipelines/calls/hash_index.h"

namespace tapdeck::calls {

class CallTable {
 public:
  CallTable(std::uint32_t calls_max, std::uint64_t seed);

  [[nodiscard]] bool full() const { return open_count_ >= calls_max_; }

  [[nodiscard]] std::uint64_t size() const { return open_count_; }

  // The handle that the next add() gives.
  [[nodiscard]] CallHandle next_handle() const;
  // Takes the call under next_handle(); it becomes the current one of its Call-ID.
  Call& add(std::unique_ptr<Call> call);
  void remove(CallHandle handle);

  [[nodiscard]] Call* find(CallHandle handle) const;
  // The latest call with this Call-ID; `hash` is its hash_of().
  [[nodiscard]] Call* find(std::uint64_t hash, RealmId realm, std::string_view call_id) const;
  [[nodiscard]] std::uint64_t hash_of(RealmId realm, std::string_view call_id) const;

  // What find() will touch, asked for step by step; each needs what the one before has asked for.
  // guess_slot() says where the call will mostly be, 0: nowhere; guess_call() which it will be.
  void prefetch_index(std::uint64_t hash) const { by_call_id_.prefetch(hash); }

  [[nodiscard]] std::uint32_t guess_slot(std::uint64_t hash) const;
  [[nodiscard]] const Call* guess_call(std::uint32_t slot) const;

  void prefetch_slot(std::uint32_t slot) const {
    if (slot < slots_.size()) __builtin_prefetch(&slots_[slot]);
  }

  // After Call::worth() has changed.
  void mark(CallHandle handle, CallWorth worth);
  // The call to be given up first; none when empty.
  [[nodiscard]] CallHandle least_useful();

  // Whose calls were given up last, of those that nobody answered.
  [[nodiscard]] const std::optional<IpAddress>& flood_source() const { return victims_.source(); }

  // In slot order, so that the outcome is the same each time.
  [[nodiscard]] std::vector<CallHandle> handles() const;

 private:
  struct Slot {
    std::unique_ptr<Call> call;
    std::uint64_t hash = 0;  // of its realm and Call-ID
    std::uint32_t generation = 1;
    std::uint32_t before = 0;  // neighbours in its list, 0: none
    std::uint32_t behind = 0;
    CallWorth worth = CallWorth::kIdle;
    bool named = false;  // it is the latest of its Call-ID
  };

  // Slots, each before those that came later.
  struct List {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  [[nodiscard]] std::uint32_t find_slot(std::uint64_t hash,
                                        RealmId realm,
                                        std::string_view call_id) const;
  void append(CallWorth worth, std::uint32_t index);
  void unlink(std::uint32_t index);
  [[nodiscard]] std::vector<FloodVictims::Entry> oldest_of(CallWorth worth) const;

  [[nodiscard]] List& list_of(CallWorth worth) { return lists_[static_cast<std::size_t>(worth)]; }

  [[nodiscard]] const List& list_of(CallWorth worth) const {
    return lists_[static_cast<std::size_t>(worth)];
  }

  std::uint32_t calls_max_;
  std::uint64_t seed_;
  std::uint64_t open_count_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  HashIndex by_call_id_;  // the latest call of each
  std::array<List, kCallWorths> lists_{};
  FloodVictims victims_;
  CallWorth victims_worth_ = CallWorth::kIdle;  // of those that are planned
};

}  // namespace tapdeck::calls
