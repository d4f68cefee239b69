// How many streams and chunks each worker of a capture_load has room for.
// Threads: any.  Memory: none.
#pragma once

#include <algorithm>
#include <cstdint>

#include "bench/load/capture_load.h"
#include "bench/load/record_rig.h"

namespace tapdeck::load {

// Where a card spreads the packets, no worker's share is known beforehand.
inline std::uint32_t streams_of_worker(const CaptureLoadOptions& options) {
  const std::uint32_t even = options.streams / options.workers + 1;
  return options.receiver.empty() ? even : std::min(2 * even, options.streams);
}

// In real time many grow old at once: as many as `run` has.
inline std::uint32_t chunks_of_worker(const CaptureLoadOptions& options) {
  const std::uint32_t most = streams_of_worker(options);
  const std::uint32_t least = most + most / 50 + 4'096;
  return options.receiver.empty() ? least : std::max(least, RecordRig::chunks_of(most));
}

}  // namespace tapdeck::load
