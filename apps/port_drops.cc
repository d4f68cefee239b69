#include "apps/port_drops.h"

#include <algorithm>

namespace tapdeck::apps {

void PortDrops::observe(std::uint16_t port_index,
                        const engine::PortStatistics& figures,
                        std::int64_t now_ns,
                        calls::CallPlane& plane) {
  const std::uint64_t dropped =
      figures.missed + figures.no_buffer + figures.early + figures.link_lost_ms;
  const auto known = std::find_if(seen_.begin(), seen_.end(), [port_index](const Seen& seen) {
    return seen.port_index == port_index;
  });
  if (known == seen_.end()) {
    seen_.push_back({port_index, dropped, now_ns});
    return;
  }
  if (dropped > known->dropped) plane.on_port_drops(port_index, known->time_ns, now_ns);
  known->dropped = dropped;
  known->time_ns = now_ns;
}

void PortDrops::observe_all(const std::vector<engine::Port>& ports,
                            std::int64_t now_ns,
                            calls::CallPlane& plane) {
  for (const engine::Port& port : ports) {
    observe(port.options().index, port.statistics(), now_ns, plane);
  }
}

}  // namespace tapdeck::apps
