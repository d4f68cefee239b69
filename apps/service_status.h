// What `tapdeck stats` and `tapdeck status` show of a running service, as JSON.
// Threads: any; reads single-writer counters and asks ports.  Memory: returns strings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/pipeline.h"
#include "apps/retention_thread.h"
#include "engine/port.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

// Losses and refusals since the start, always in the same order.
struct Trouble {
  std::uint64_t count = 0;
  std::string what;
};

std::vector<Trouble> count_troubles(const Pipeline& pipeline,
                                    const std::vector<engine::Port>& ports,
                                    const calls::CallPlaneFigures& plane);

struct StatusFacts {
  std::string memory;  // hugepages or not, and why
  std::int64_t started_us = 0;
  std::size_t worker_count = 0;
  std::string retention;        // why nothing expires; empty: it does
  std::string disk;             // DiskWatch::trouble()
  std::vector<Trouble> before;  // as it was one to two minutes ago; empty: since the start
};

// Counters by port, worker, class and drop reason, of the call plane and of the record path.
std::string render_stats(Pipeline& pipeline,
                         const std::vector<engine::Port>& ports,
                         const calls::CallPlaneFigures& plane,
                         const RetentionFigures& retention);

// {"healthy": bool, "problems": [...], ...}: healthy while nothing was lost or refused since
// `facts.before`, and nothing is now; what happened earlier stays in the counters.
std::string render_status(const StatusFacts& facts,
                          Pipeline& pipeline,
                          const std::vector<engine::Port>& ports,
                          const calls::CallPlaneFigures& plane);

}  // namespace tapdeck::apps
