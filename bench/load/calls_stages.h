// The parts of the call plane's work that can be done alone, measured one by one.
// Threads: any.  Memory: small.
#pragma once

#include <vector>

#include "bench/load/calls_load.h"
#include "model/signal.h"

namespace tapdeck::load {

std::vector<CallsStage> measure_stages(const std::vector<SignalMessage>& messages);

}  // namespace tapdeck::load
