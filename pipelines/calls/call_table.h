// Open calls: by slot (CallHandle) and by (realm, Call-ID).  A slot's generation rises when it is
// freed, so that a stale handle finds nothing.
//
// Threads: the call-plane thread.  Memory: one Call per open call, at most `calls_max` slots; slot
// 0 is never used.  Full: the caller evicts `least_useful()` first.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/binding.h"
#include "pipelines/calls/call.h"

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
  // The latest call with this Call-ID.
  [[nodiscard]] Call* find(RealmId realm, std::string_view call_id) const;

  // An answered call is worth more than one that is not: see Call::note_answered().
  void mark_answered(CallHandle handle);
  // The oldest call that was never answered, else the oldest; none when empty.
  [[nodiscard]] CallHandle least_useful() const;

  // In slot order, so that the outcome is the same each time.
  [[nodiscard]] std::vector<CallHandle> handles() const;

 private:
  struct Slot {
    std::unique_ptr<Call> call;
    std::uint32_t generation = 1;
    std::uint64_t age = 0;  // order of creation
    bool answered = false;
  };

  // Borrows the Call-ID of its call, which lasts as long as its entry.
  struct Key {
    RealmId realm = 0;
    std::string_view call_id;

    bool operator==(const Key&) const = default;
  };

  struct KeyHash {
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const;
  };

  using AgeList = std::set<std::pair<std::uint64_t, std::uint32_t>>;  // age, slot

  std::uint32_t calls_max_;
  std::uint64_t open_count_ = 0;
  std::uint64_t next_age_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<Key, std::uint32_t, KeyHash> by_call_id_;
  AgeList unanswered_;
  AgeList answered_;
};

}  // namespace tapdeck::calls
