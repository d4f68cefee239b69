// Pauses and their ends on their way into the journal: the call plane leaves them here and never
// waits for the disk.
// Threads: add() the call plane's; expect() and flush() any other.  Memory: kNotesMax notes, and
// who gave the latest kOrdersMax orders.  Full: what cannot be written for so long is counted, and
// told in the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "model/ledger_content.h"
#include "model/pause.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::apps {

class PauseNotes {
 public:
  static constexpr std::size_t kNotesMax = 65'536;
  static constexpr std::size_t kOrdersMax = 1'024;

  // The desk outlives it.
  explicit PauseNotes(retention::RetentionDesk& desk) : desk_(desk) {}

  // Somebody is about to give this order: what comes of it is his, on all legs.
  void expect(const PauseOrder& order, const LedgerActor& actor);

  void add(const PauseTold& told);

  // Everything that was added before is in the journal when it returns.  After an error what is
  // left is tried again by the next one.
  Result<void> flush();

  [[nodiscard]] std::uint64_t lost() const { return lost_.value(); }

 private:
  struct Note {
    PauseTold told;
    LedgerActor actor;
  };

  struct Ordered {
    std::int64_t time_ns = 0;
    bool resume = false;
    LedgerActor actor;
  };

  [[nodiscard]] LedgerActor actor_of(const PauseTold& told) const;

  retention::RetentionDesk& desk_;
  std::mutex flushing_;  // before mutex_
  std::mutex mutex_;
  std::vector<Note> notes_;     // under mutex_, oldest first
  std::deque<Ordered> orders_;  // likewise
  Counter lost_;                // call plane: rw
};

}  // namespace tapdeck::apps
