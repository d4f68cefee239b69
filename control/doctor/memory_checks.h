// The checks of `tapdeck doctor` of memory: whether there is enough of it, and in which pages.
// Threads: any.  Memory: returns values.  Errors: what cannot be found out says so.
#pragma once

#include "config/config.h"
#include "control/doctor/finding.h"
#include "control/doctor/host_files.h"

namespace tapdeck::control {

// `config` as check_host() has it.
Finding check_memory(const HostFiles& host, const config::Config& config);
Finding check_hugepages(const HostFiles& host, const config::Config& config);

// What stands in for hugepages where there are none.
Finding check_transparent_hugepages(const HostFiles& host, const config::Config& config);

}  // namespace tapdeck::control
