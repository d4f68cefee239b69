#include "bench/load/overload.h"

#include <algorithm>
#include <utility>

namespace tapdeck::load {
namespace {

constexpr int kCalmTrials = 3;

// A host that takes its CPUs away for a moment costs one trial, a capture that is broken all.
Result<CaptureTrial> calm(const CapturePace& pace, const PacedTrial& trial) {
  Result<CaptureTrial> done = trial(pace);
  for (int i = 1; i < kCalmTrials && done && done->lost() > 0; ++i) done = trial(pace);
  return done;
}

}  // namespace

Result<OverloadResult> run_overload(const OverloadOptions& options, const PacedTrial& trial) {
  Result<CaptureTrial> flood = trial({.pps = options.flood_pps, .seconds = options.probe_seconds});
  if (!flood) return Error(std::move(flood.error()));
  OverloadResult out;
  // A worker that is flooded may take less than at a rate that it just makes.
  out.capacity_pps =
      std::max(static_cast<double>(flood->recorded) / flood->seconds, options.sustained_pps);
  if (!(out.capacity_pps > 0)) {
    return make_error(ErrorCode::kResources, "Nothing at all was recorded of the flood.");
  }
  out.calm_pps = (options.sustained_pps > 0 ? options.sustained_pps : out.capacity_pps) / 2;
  const CapturePace calm_pace = {.pps = out.calm_pps, .seconds = options.probe_seconds};
  Result<CaptureTrial> before = calm(calm_pace, trial);
  if (!before) return Error(std::move(before.error()));
  Result<CaptureTrial> overload = trial({.pps = options.factor * out.capacity_pps,
                                         .seconds = options.seconds,
                                         .arrears = Arrears::kMadeUp});
  if (!overload) return Error(std::move(overload.error()));
  Result<CaptureTrial> after = calm(calm_pace, trial);
  if (!after) return Error(std::move(after.error()));
  out.before = std::move(*before);
  out.overload = std::move(*overload);
  out.after = std::move(*after);
  return out;
}

}  // namespace tapdeck::load
