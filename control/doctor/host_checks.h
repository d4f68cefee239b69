// The checks of `tapdeck doctor` that only read: processor, memory, cards, limits, clocks.
// Threads: any.  Memory: returns values.  Errors: what cannot be found out says so.
#pragma once

#include <vector>

#include "config/config.h"
#include "control/doctor/finding.h"
#include "control/doctor/host_files.h"

namespace tapdeck::control {

// All checks in a fixed order.  `config` says what the service would want: locked memory, CPUs,
// ports; its eal.memory_mib must be what is wanted of hugepages, not 0.  `allowed`: CPUs that the
// process may use, asked for before any of its threads was pinned; none: all.
Findings check_host(const HostFiles& host,
                    const config::Config& config,
                    const std::vector<unsigned>& allowed);

}  // namespace tapdeck::control
