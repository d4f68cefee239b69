// Compares what a call store holds with what a CallMaker made: how many, samples whole, and their
// index entries.
// Threads: one.  Memory: a page of calls.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "bench/load/call_maker.h"
#include "storage/call_store.h"

namespace tapdeck::load {

// kCorrupt: something is missing, too much or other than it was made.
Result<void> verify_calls(const CallMaker& maker,
                          const storage::CallStore& store,
                          std::uint32_t samples);

}  // namespace tapdeck::load
