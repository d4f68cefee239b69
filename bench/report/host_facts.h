// Where and with what a measurement was made.
// Threads: any.  Memory: strings.
#pragma once

#include <string_view>
#include <vector>

#include "bench/report/report.h"
#include "config/config.h"
#include "control/doctor/host_files.h"

namespace tapdeck::report {

// `git describe` of the sources when they were built; "unknown" outside of a repository.
std::string_view build_commit();

// Version, commit and kind of the build, processor, CPUs, memory, kernel, load.
std::vector<Figure> host_facts(const control::HostFiles& host);

// What `tapdeck doctor` finds on this host that keeps a measurement down and could be mended.
// `allowed`: see check_host().
control::Findings held_back(const control::HostFiles& host,
                            const config::Config& config,
                            const std::vector<unsigned>& allowed);

}  // namespace tapdeck::report
