// The workers' counters as JSON, for `stats` and for the summary of `ingest`.
// Threads: any.  Memory: returns values.
#pragma once

#include <vector>

#include "apps/pipeline.h"
#include "base/counter_table.h"
#include "control/call_json.h"
#include "engine/reassembly/counters.h"
#include "engine/worker.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

// Sums over `workers`, names as in engine/counters.h.  Classes are all listed; drops too.
control::Json classes_json(const std::vector<engine::Worker>& workers);
control::Json drops_json(const std::vector<engine::Worker>& workers);

// Names as in engine/reassembly/counters.h, all of them.
control::Json fragments_json(const engine::ReassemblyCounters& counters);

// {known, joined, merged, refused, evicted}
control::Json conversations_json(const calls::ConversationFigures& figures);

// Of the call plane's figures; likewise all rows.
control::Json counts_json(const std::vector<NamedCount>& counts);

// What became of transactions that belong to no call.
control::Json events_json(Pipeline& pipeline, const calls::CallPlaneFigures& figures);

std::uint64_t sum_of(const std::vector<engine::Worker>& workers,
                     Counter engine::WorkerCounters::*row);

}  // namespace tapdeck::apps
