// What every bench does at its end, and at its beginning.
// Threads: the caller's.  Memory: strings.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/load/scratch.h"
#include "bench/report/report.h"
#include "config/config.h"
#include "control/cli/command_line.h"
#include "control/doctor/host_files.h"
#include "engine/eal.h"

namespace tapdeck::apps {

// CPUs that this thread may use; at least one.  DPDK pins the thread when it starts.
std::vector<unsigned> allowed_cpus();

// For DPDK's --lcores: the main lcore on the first CPU, `others` on those behind it, in turn where
// they are too few.
std::string pinned_lcores(const std::vector<unsigned>& cpus, unsigned others);

// Whether the plot, if one is asked for, can be written: before the run, not behind it.
Result<void> check_output(const control::BenchOutput& output);

// A report of this host, with one fact of how DPDK got its memory.
report::Report start_report(const std::string& bench, const engine::Eal& eal);

// For EAL: `heap_mib` for mbufs and rings; with hugepages these many chunks and the tables for
// their streams stand in the same memory.
engine::EalOptions bench_eal(const control::BenchOutput& output,
                             std::uint32_t heap_mib,
                             std::uint64_t chunk_count);

// What this bench would have wanted of the host, and the CPUs that it was allowed at its start.
struct HostWish {
  config::Config config{};
  std::vector<unsigned> cpus{};  // none: all
};

// `eal` null: nothing of hugepages.
HostWish wanted_of_host(std::uint32_t worker_count,
                        const engine::EalOptions* eal,
                        const std::vector<unsigned>& cpus = {});

// What DPDK and the program take by themselves, and the mbufs of a port, whatever is measured.
constexpr std::uint64_t kBenchBaseBytes = 128ULL << 20;
constexpr std::uint64_t kBenchPortBytes = 80ULL << 20;

// These many chunks, and the tables for their streams.
std::uint64_t chunk_bytes(std::uint64_t chunk_count);

// Whether there is memory for all of a bench, before it takes any.  Hugepages that `eal` will take
// are not looked at: DPDK tells when they are too few.
Result<void> check_memory(std::uint64_t wanted_bytes,
                          const engine::EalOptions& eal,
                          const control::HostFiles& host);

// Two CPUs for threads that shall not disturb each other: of the allowed ones the first and, where
// there is one, another that is not the same core.  One twice where there is no other.
std::pair<unsigned, unsigned> two_cpus(const std::vector<unsigned>& allowed,
                                       const control::HostFiles& host);

// The file system and device that a bench wrote to.
report::Figure disk_fact(const std::string& directory);

// What the most rules of a run cost beside the fewest, each by the mean of its rows, so that a run
// of `0,1000,1000,0` takes what the machine does meanwhile out of it.
class RulesRatio {
 public:
  // Of rows with so many streams or calls; those of the last number of them count.
  void add(std::uint32_t load, std::uint32_t rules, double cost);

  // As `rules_ratio`; nothing where all rows have as many rules.
  void tell(const char* title, report::Report& out) const;

 private:
  std::uint32_t load_ = 0;
  std::map<std::uint32_t, std::pair<double, std::uint32_t>> costs_;  // sum and rows, by rules
};

// Sentences on left-overs, on stderr.
void tell_notes(const load::Scratch& scratch);

// Adds what held the figures back, and prints the report as asked.  The exit status: kExitFailed
// when something in it is wrong, or could not be written; kExitInterrupted when a signal came.
int print_report(const control::BenchOutput& output,
                 const HostWish& wanted,
                 report::Report& report);

// As a shell has it for a command that SIGINT ended.
constexpr int kExitInterrupted = 130;

// Said of a report that a signal cut short.
constexpr const char* kInterrupted = "Interrupted by a signal: this is what was measured so far.";

// Tells it on stderr.  The exit status: kExitInterrupted for kCancelled.
int bench_failed(const Error& error);

}  // namespace tapdeck::apps
