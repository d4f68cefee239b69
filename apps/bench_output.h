// What every bench does at its end, and at its beginning.
// Threads: the caller's.  Memory: strings.
#pragma once

#include "base/result.h"
#include "bench/report/report.h"
#include "config/config.h"
#include "control/cli/command_line.h"
#include "engine/eal.h"

namespace tapdeck::apps {

// A report of this host, with one fact of how DPDK got its memory.
report::Report start_report(const std::string& bench, const engine::Eal& eal);

// What this bench would have wanted of the host.
config::Config wanted_of_host(std::uint32_t worker_count, std::uint64_t chunk_count);

// Adds what held the figures back, and prints the report as asked.  The exit status: kExitFailed
// when something in it is wrong, or could not be written.
int print_report(const control::BenchOutput& output,
                 const config::Config& wanted,
                 report::Report& report);

// Tells it on stderr.
int bench_failed(const Error& error);

}  // namespace tapdeck::apps
