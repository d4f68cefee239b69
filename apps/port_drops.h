// Watches the drop counters of the capture ports, and the time that they had no link, and tells the
// call plane when either rose.
// Threads: the call plane's.  Memory: one row per port.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/port.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

class PortDrops {
 public:
  // What the port has counted until `now_ns` (UTC).  The first look at a port tells nothing.
  void observe(std::uint16_t port_index,
               const engine::PortStatistics& figures,
               std::int64_t now_ns,
               calls::CallPlane& plane);

  void observe_all(const std::vector<engine::Port>& ports,
                   std::int64_t now_ns,
                   calls::CallPlane& plane);

 private:
  struct Seen {
    std::uint16_t port_index = 0;
    std::uint64_t dropped = 0;
    std::int64_t time_ns = 0;
  };

  std::vector<Seen> seen_;
};

}  // namespace tapdeck::apps
