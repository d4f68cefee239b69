// A capture that is offered more than it takes: how much that is, what becomes of the rest, and
// whether a rate that is easy for it loses nothing again behind it, with nobody's help.
//
// Threads: the caller's, as for CaptureLoad.  Memory: none of its own.
// Failing: what a trial fails with; what was tried before stays in `trials`.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "bench/load/capture_load.h"

namespace tapdeck::load {

struct OverloadOptions {
  double flood_pps = 12e6;   // more than the capture takes
  double sustained_pps = 0;  // known to pass without a loss; 0: not known
  double factor = 3;         // of the capacity
  double seconds = 60;       // of the overload
  double probe_seconds = 2;  // of each of the other trials
};

struct OverloadResult {
  double capacity_pps = 0;  // recorded of the flood a second, or sustained, whichever is more
  double calm_pps = 0;      // half of what is sustained; where that is not known, of the capacity
  CaptureTrial before{};    // at calm_pps: the first of up to three without a loss, or the last
  CaptureTrial overload{};
  CaptureTrial after{};  // likewise, behind the overload

  // What was really offered, of the capacity.
  [[nodiscard]] double factor() const { return overload.sent_pps() / capacity_pps; }
};

using PacedTrial = std::function<Result<CaptureTrial>(const CapturePace& pace)>;

Result<OverloadResult> run_overload(const OverloadOptions& options, const PacedTrial& trial);

}  // namespace tapdeck::load
