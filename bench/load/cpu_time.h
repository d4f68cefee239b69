// CPU time, which is what a busy thread has really had.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <ctime>

#include "base/clock.h"

namespace tapdeck::load {

// Of the calling thread.
inline std::int64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

}  // namespace tapdeck::load
