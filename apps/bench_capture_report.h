// What `tapdeck bench capture` prints of its trials.
// Threads: plain values.  Memory: strings.
#pragma once

#include <optional>
#include <vector>

#include "bench/load/capture_load.h"
#include "bench/load/overload.h"
#include "bench/load/rate_search.h"
#include "bench/report/report.h"

namespace tapdeck::apps {

// One line for stderr.
std::string trial_line(const load::CaptureTrial& trial);

load::TrialVerdict verdict_of(const load::CaptureTrial& trial);

// Rows, checks and the plot.
void add_trials(const std::vector<load::CaptureTrial>& trials, report::Report& out);

// The best of the trials that passed at `pps`, as results.
void add_best(const load::SearchResult& found,
              const std::vector<load::CaptureTrial>& trials,
              report::Report& out);

// As results.
void add_overload(const load::OverloadResult& found, report::Report& out);

}  // namespace tapdeck::apps
