// What the memory of this machine gives one core: no worker moves its bytes faster than it copies,
// nor waits less than for lines that were asked for ahead.
//
// Threads: the caller's.  Memory: two blocks, given back at once.  Needs a started EAL.
#pragma once

#include <cstddef>

namespace tapdeck::load {

struct MemoryLimits {
  double copy_bytes_per_s = 0;  // read and written elsewhere, one block after the other
  double random_load_ns = 0;    // a line read in random order, asked for 32 loads ahead
};

// Several times the last-level cache, so that it holds nothing of it.
std::size_t memory_limits_block();

// In two blocks of `bytes`, a power of two of at least a MiB.
MemoryLimits measure_memory_limits(std::size_t bytes);

}  // namespace tapdeck::load
