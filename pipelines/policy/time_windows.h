// The times of all rules: whether an instant lies in one, on the clock of its zone.
// Threads: any after its making.  Memory: a table for each zone; holds() allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "config/policies.h"
#include "config/zone_table.h"

namespace tapdeck::policy {

class TimeWindows {
 public:
  // The number of this window, the same for equal ones.  kInvalidArgument: there is no such zone.
  Result<std::uint32_t> add(const config::TimeWindow& window);

  [[nodiscard]] bool holds(std::uint32_t window, std::int64_t time_us) const;

  [[nodiscard]] std::size_t size() const { return windows_.size(); }

 private:
  struct Zone {
    std::string name;
    config::ZoneTable table;
  };

  std::vector<config::TimeWindow> windows_;
  std::vector<std::uint32_t> zone_of_;  // by window
  std::vector<Zone> zones_;
};

}  // namespace tapdeck::policy
