// Orders to pause recordings and to go on with them, and what became of an order.
// Threads: plain values.  Memory: their strings.
#pragma once

#include <cstdint>
#include <string>

#include "model/ids.h"

namespace tapdeck {

struct PauseOrder {
  Uid uid{};  // of a call; every leg of its conversation obeys
  RealmId realm = 0;
  std::string call_id;
  bool resume = false;
  std::int64_t time_ns = 0;  // packet time, UTC, from which it holds
};

struct PauseAnswer {
  bool known = false;         // the call is open
  std::uint32_t legs = 0;     // open calls of its conversation, itself among them
  std::uint32_t changed = 0;  // of those, how many were not so already
};

// Stored (model/ledger_content.h).
enum class PauseCause : std::uint8_t { kCommand = 1, kHeader, kDtmf, kPolicy, kLimit };
constexpr std::uint32_t kPauseCauseMax = 5;

enum class PauseChange : std::uint8_t {
  kPaused,
  kResumed,
  kEndedByLimit,  // nobody resumed it in time: it goes on by itself
};

// The recording of a call is paused, or goes on, from a packet time on.
struct PauseTold {
  Uid uid{};
  PauseChange change = PauseChange::kPaused;
  PauseCause cause = PauseCause::kCommand;
  std::int64_t time_ns = 0;
};

}  // namespace tapdeck
