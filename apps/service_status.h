// What `tapdeck stats` and `tapdeck status` show of a running service, as JSON.
// Threads: any; reads single-writer counters and asks ports.  Memory: returns strings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/pipeline.h"
#include "engine/port.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

struct StatusFacts {
  std::string memory;  // hugepages or not, and why
  std::int64_t started_us = 0;
  std::size_t worker_count = 0;
};

// Counters by port, worker, class and drop reason, of the call plane and of the record path.
std::string render_stats(Pipeline& pipeline,
                         const std::vector<engine::Port>& ports,
                         const calls::CallPlaneFigures& plane);

// {"healthy": bool, "problems": [...], ...}: healthy while nothing is being lost for a reason that
// somebody should look at now (disk or database refusing writes, workers dropping media).
std::string render_status(const StatusFacts& facts,
                          Pipeline& pipeline,
                          const std::vector<engine::Port>& ports,
                          const calls::CallPlaneFigures& plane);

}  // namespace tapdeck::apps
