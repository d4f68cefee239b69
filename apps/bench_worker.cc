#include <algorithm>
#include <string>

#include "apps/bench.h"
#include "apps/bench_output.h"
#include "bench/load/worker_load.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kMemoryMib = 1'024;  // for mbufs and rings; the chunks come on top

std::vector<report::Column> columns(bool floors) {
  std::vector<report::Column> out = {{"streams", "streams"},
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

std::vector<report::Value> row(std::uint32_t streams,
                               const load::WorkerLoadResult& found,
                               bool floors) {
  std::vector<report::Value> out = {std::uint64_t{streams},
                                    found.packets,
                                    found.worker_ns,
                                    found.worker_least_ns,
                                    1e3 / found.worker_ns,
                                    found.patch_ns};
  if (!floors) return out;
  for (const double ns : found.floors.all()) out.emplace_back(ns);
  out.emplace_back(found.floors.sum());
  out.emplace_back(found.worker_ns / found.floors.sum());
  return out;
}

void check(std::uint32_t streams, const load::WorkerLoadResult& found, report::Report& out) {
  if (found.is_intact()) return;
  out.wrong.push_back(
      std::to_string(streams) + " streams: " + std::to_string(found.dropped_packets) +
      " packets were dropped, " + std::to_string(found.uncounted_packets) + " not counted, " +
      std::to_string(found.wrong_streams) + " streams are not what was sent.");
}

}  // namespace

int bench_worker(const control::BenchWorkerRequest& request) {
  const auto eal =
      engine::Eal::start({.hugepages = request.output.hugepages ? engine::HugepageUse::kAuto
                                                                : engine::HugepageUse::kNo,
                          .memory_mib = kMemoryMib});
  if (!eal) return bench_failed(eal.error());
  report::Report out = start_report("worker", *eal);
  out.simulated = {
      "No card: packets come from a ring in memory, patched by the worker's own core.",
      "No disk: a null writer on the same core reads the chunks back and gives them home.",
      "No calls: each pair of streams was bound at the start."};
  out.columns = columns(request.floors);
  for (const std::uint32_t streams : request.streams) {
    const Result<load::WorkerLoadResult> found = load::run_worker_load(
        {.streams = streams, .seconds = request.seconds, .floors = request.floors});
    if (!found) return bench_failed(found.error());
    out.rows.push_back(row(streams, *found, request.floors));
    check(streams, *found, out);
  }
  const std::uint32_t most = *std::max_element(request.streams.begin(), request.streams.end());
  return print_report(request.output, wanted_of_host(1, most), out);
}

}  // namespace tapdeck::apps
