// Pauses and their ends on their way into the journal: the call plane leaves them here and never
// waits for the disk.
// Threads: add() the call plane's; flush() any other.  Memory: kNotesMax notes.  Full: what cannot
// be written for so long is counted, and told in the log.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "model/pause.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::apps {

class PauseNotes {
 public:
  static constexpr std::size_t kNotesMax = 65'536;

  // The desk outlives it.
  explicit PauseNotes(retention::RetentionDesk& desk) : desk_(desk) {}

  void add(const PauseTold& told);

  // Everything that was added before is in the journal when it returns.  After an error what is
  // left is tried again by the next one.
  Result<void> flush();

  [[nodiscard]] std::uint64_t lost() const { return lost_.value(); }

 private:
  retention::RetentionDesk& desk_;
  std::mutex flushing_;  // before mutex_
  std::mutex mutex_;
  std::vector<PauseTold> notes_;  // under mutex_, oldest first
  Counter lost_;                  // call plane: rw
};

}  // namespace tapdeck::apps
