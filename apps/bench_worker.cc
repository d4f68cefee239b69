#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "apps/bench.h"
#include "apps/bench_output.h"
#include "bench/load/memory_limits.h"
#include "bench/load/worker_load.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kWorkerMemoryMib = 1'024;  // for mbufs and rings; the chunks come on top

std::vector<report::Column> columns(bool floors) {
  std::vector<report::Column> out = {{"workers", "workers"},
                                     {"streams", "streams"},
                                     {"rules", "rules"},
                                     {"packets", "packets"},
                                     {"worker_ns", "worker ns"},
                                     {"worker_least_ns", "least ns"},
                                     {"rate_mpps", "Mpps", 2},
                                     {"patch_ns", "patch ns"}};
  if (!floors) return out;
  for (const std::string_view name : load::kFloorNames) {
    out.push_back({std::string(name) + "_floor_ns", std::string(name) + " ns"});
  }
  out.push_back({"floor_sum_ns", "floors ns"});
  out.push_back({"ratio", "ratio", 2});
  return out;
}

std::vector<report::Value> row(const load::WorkerLoadOptions& options,
                               const load::WorkerLoadResult& found) {
  std::vector<report::Value> out = {std::uint64_t{options.workers},
                                    std::uint64_t{options.streams},
                                    std::uint64_t{options.rules},
                                    found.packets,
                                    found.worker_ns,
                                    found.worker_least_ns,
                                    found.rate_mpps,
                                    found.patch_ns};
  if (!options.floors) return out;
  for (const double ns : found.floors.all()) out.emplace_back(ns);
  out.emplace_back(found.floors.sum());
  out.emplace_back(found.worker_ns / found.floors.sum());
  return out;
}

void add_memory(report::Report& out) {
  const load::MemoryLimits memory = load::measure_memory_limits(load::memory_limits_block());
  out.results.push_back(
      {{"copy_gbytes_per_s", "memory copied, GB/s", 2}, memory.copy_bytes_per_s / 1e9});
  out.results.push_back(
      {{"random_load_ns", "a line of memory, asked for 32 ahead, ns", 1}, memory.random_load_ns});
}

void check(std::uint32_t streams, const load::WorkerLoadResult& found, report::Report& out) {
  if (found.is_intact()) return;
  out.wrong.push_back(
      std::to_string(streams) + " streams: " + std::to_string(found.dropped_packets) +
      " packets were dropped, " + std::to_string(found.uncounted_packets) + " not counted, " +
      std::to_string(found.wrong_streams) + " streams are not what was sent.");
}

// Before anything is taken: floors are measured beside the worker's own memory, its limits behind.
Result<void> check_request(const control::BenchWorkerRequest& request,
                           std::uint64_t most,
                           const engine::EalOptions& eal) {
  if (request.workers > load::worker_loads_max()) {
    return make_error(
        ErrorCode::kInvalidArgument,
        fmt::format("--workers: DPDK was built for {} ports, and each worker has one.",
                    load::worker_loads_max()));
  }
  std::uint64_t bytes =
      request.workers * (kBenchPortBytes + chunk_bytes(load::chunks_of_worker_load(most)));
  if (request.floors) {
    bytes = std::max<std::uint64_t>(bytes + chunk_bytes(most), 2 * load::memory_limits_block());
  }
  Result<void> fits = check_memory(kBenchBaseBytes + bytes, eal, control::HostFiles());
  if (!fits && request.floors) fits.error().message += " Without floors it is less: --no-floors.";
  return fits;
}

}  // namespace

int bench_worker(const control::BenchWorkerRequest& request) {
  const std::vector<unsigned> cpus = allowed_cpus();  // before DPDK pins this thread
  const std::uint64_t most = *std::max_element(request.streams.begin(), request.streams.end());
  engine::EalOptions eal_options = bench_eal(request.output,
                                             kWorkerMemoryMib * request.workers,
                                             load::chunks_of_worker_load(most) * request.workers);
  eal_options.worker_count = request.workers;
  eal_options.lcores = pinned_lcores(cpus, request.workers - 1U);
  const Result<void> fits = check_request(request, most, eal_options);
  if (!fits) return bench_failed(fits.error());
  const auto eal = engine::Eal::start(eal_options);
  if (!eal) return bench_failed(eal.error());
  report::Report out = start_report("worker", *eal);
  out.simulated = {
      "No card: packets come from a ring in memory, patched by the worker's own core.",
      "No disk: a null writer on the same core reads the chunks back and gives them home.",
      "No calls: each pair of streams was bound at the start."};
  if (request.workers > 1) {
    out.simulated.emplace_back(
        "Workers have a port, streams and chunks of their own, and share caches and memory of the "
        "machine; rates are of CPU time, and their sum.");
  }
  if (cpus.size() < request.workers) {
    out.simulated.emplace_back("There are fewer CPUs than workers: they take turns.");
  }
  out.columns = columns(request.floors);
  RulesRatio ratio;
  for (const std::uint32_t streams : request.streams) {
    for (const std::uint32_t rules : request.rules) {
      const load::WorkerLoadOptions options = {.streams = streams,
                                               .workers = request.workers,
                                               .seconds = request.seconds,
                                               .floors = request.floors,
                                               .rules = rules};
      const Result<load::WorkerLoadResult> found = load::run_worker_load(options);
      if (!found) return bench_failed(found.error());
      out.rows.push_back(row(options, *found));
      check(streams, *found, out);
      ratio.add(streams, rules, found->worker_ns);
    }
  }
  if (request.floors) add_memory(out);
  ratio.tell("worker ns with most rules / with fewest", out);
  return print_report(request.output, wanted_of_host(request.workers, &eal_options, cpus), out);
}

}  // namespace tapdeck::apps
