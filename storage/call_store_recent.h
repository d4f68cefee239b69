// What the call store put last, so that the next version of a call needs no look at the disk: calls
// in progress whole, ended ones by name, since those rarely change.  It also tells which calls
// cannot be stored yet: those that begin later than everything it does not remember.
// Threads: under CallStore::Impl::put_mutex.  Memory: two generations of at most kGenerationBytes;
// when one is full the older is forgotten, and its calls are looked up on disk again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/call.h"
#include "model/ledger_content.h"

namespace tapdeck::storage {

// Time (8 bytes, big endian, sign flipped so that bytes sort as times do), then the uid.
constexpr std::size_t kCallKeyBytes = 24;
using CallKey = std::array<char, kCallKeyBytes>;

// When which parts of a recording are due: a row for each time.
struct ExpiryRows {
  struct Row {
    std::int64_t expires_us = 0;
    RecordingParts parts = 0;

    bool operator==(const Row&) const = default;
  };

  std::array<Row, 3> rows{};
  std::size_t count = 0;

  [[nodiscard]] const Row* begin() const { return rows.data(); }

  [[nodiscard]] const Row* end() const { return rows.data() + count; }

  bool operator==(const ExpiryRows&) const = default;
};

// What the store has of a call before the next version of it is put.
struct PriorCall {
  CallKey key{};
  std::string bytes;  // of its newest version
  std::uint32_t version = 0;
  CallState state = CallState::kInProgress;
  std::vector<std::string> numbers;  // sorted terms of its entries by number
  std::string call_id;               // term
  std::string conversation;          // term; empty: of none
  ExpiryRows expiry;
  RecordingLifecycle lifecycle = RecordingLifecycle::kPresent;
  bool masked = false;
};

using PendingCalls = std::unordered_map<Uid, PriorCall, UidHash>;

class RecentCalls {
 public:
  static constexpr std::size_t kGenerationBytes = 16U << 20;

  // Calls that begin up to this millisecond may be stored without being known here.
  void set_known_until(std::int64_t start_ms) { known_until_ms_ = start_ms; }

  // Borrowed until the next add(); nullptr: ask the disk, unless the call is_new().
  [[nodiscard]] const PriorCall* find(const Uid& uid) const;
  [[nodiscard]] bool is_new(const Uid& uid) const;

  // It was changed on the disk: that is to be asked.
  void forget(const Uid& uid);

  // After they were committed.  Takes what it keeps of them.
  void add(PendingCalls& committed);

 private:
  struct Generation {
    PendingCalls open;
    std::unordered_set<Uid, UidHash> ended;
    std::size_t bytes = 0;  // about
    std::int64_t newest_ms = std::numeric_limits<std::int64_t>::min();

    [[nodiscard]] bool has(const Uid& uid) const {
      return open.contains(uid) || ended.contains(uid);
    }
  };

  void add(PendingCalls::node_type node);

  Generation young_;
  Generation old_;
  std::int64_t known_until_ms_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace tapdeck::storage
