// SIGINT and SIGTERM while a harness runs: it asks now and then, ends in order and removes what it
// made.  A second signal ends the process at once.
// Threads: the guard is made and destroyed by one; asking is anybody's.  Memory: none.
#pragma once

#include <array>
#include <csignal>

#include "base/result.h"

namespace tapdeck::load {

class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();  // what the signals did before

  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  std::array<struct sigaction, 2> before_{};
};

// Whether a signal came while there was a guard.
bool is_interrupted();

// kCancelled, if so.
Result<void> go_on();

}  // namespace tapdeck::load
