// Prints what a call store of many calls can do.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "bench/load/call_store_load.h"

namespace {

using tapdeck::load::CallStoreResult;

double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void print(const CallStoreResult& result) {
  std::printf("calls %lu, records %lu\n", result.calls, result.records);
  std::printf("fill %.1f s, compaction after it %.1f s: %.0f calls/s, %.0f records/s\n",
              result.fill_seconds,
              result.compaction_seconds,
              result.calls_per_second(),
              result.records_per_second());
  std::printf("commit us: median %.0f p99 %.0f max %.0f, %.0f records a group\n",
              result.commit_us.median,
              result.commit_us.p99,
              result.commit_us.max,
              result.records_per_group);
  const double calls = static_cast<double>(result.calls);
  std::printf("CPU us/call: keeper %.2f flush %.2f compaction %.2f (maker %.2f)\n",
              result.keeper_cpu_s / calls * 1e6,
              result.flush_cpu_s / calls * 1e6,
              result.compaction_cpu_s / calls * 1e6,
              result.maker_cpu_s / calls * 1e6);
  std::printf("disk %.0f bytes/call; greatest resident %.0f MiB; reopen %.2f s\n",
              static_cast<double>(result.disk_bytes) / calls,
              mib(result.resident_bytes),
              result.reopen_seconds);
  const double written = static_cast<double>(result.figure("flushed_bytes") +
                                             result.figure("compaction_written_bytes"));
  std::printf("written beside the log / flushed: %.2f\n",
              written / static_cast<double>(result.figure("flushed_bytes")));
  for (const auto& [name, value] : result.figures) std::printf("  %s %lu\n", name.c_str(), value);
  for (const auto& search : result.searches) {
    std::printf("%-24s %6.1f calls  warm us %.0f / %.0f  %s us %.0f / %.0f  open us %.0f / %.0f\n",
                search.kind.c_str(),
                search.calls_found,
                search.warm_us.median,
                search.warm_us.p99,
                result.cache_was_dropped ? "cold" : "NOT cold",
                search.cold_us.median,
                search.cold_us.p99,
                search.cold_open_us.median,
                search.cold_open_us.p99);
  }
}

}  // namespace

int main(int argc, char** argv) {
  tapdeck::load::CallStoreLoadOptions options;
  CLI::App app("Fills a call store on disk and searches it");
  app.add_option("--store", options.directory)->required();
  app.add_option("--calls", options.maker.calls);
  app.add_option("--days", options.maker.days);
  app.add_option("--seed", options.maker.seed);
  app.add_option("--rows", options.maker.rows);
  app.add_option("--group", options.group_calls_max);
  app.add_option("--samples", options.samples);
  app.add_option("--cold", options.cold_searches);
  app.add_option("--page", options.page_calls);
  app.add_flag("--keep", options.keep);
  CLI11_PARSE(app, argc, argv);
  const auto result =
      tapdeck::load::run_call_store(options, [](const tapdeck::load::FillStep& step) {
        std::printf("%lu calls, %.1f s, %.0f/s\n", step.calls, step.seconds, step.calls_per_second);
        std::fflush(stdout);
      });
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return 1;
  }
  print(*result);
  return 0;
}
