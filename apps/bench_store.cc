#include <cstdio>
#include <string>

#include "apps/bench.h"
#include "apps/bench_output.h"
#include "bench/load/call_store_load.h"
#include "bench/load/interrupt.h"
#include "bench/load/scratch.h"
#include "bench/report/host_facts.h"

namespace tapdeck::apps {
namespace {

std::vector<report::Column> store_columns() {
  return {{"search", "search"},
          {"calls_found", "calls"},
          {"warm_median_us", "warm us"},
          {"warm_p99_us", "p99"},
          {"cold_median_us", "cold us"},
          {"cold_p99_us", "p99"},
          {"open_median_us", "open us"}};
}

std::vector<report::Value> row(const load::StoreSearchResult& search) {
  return {search.kind,
          search.calls_found,
          search.warm_us.median,
          search.warm_us.p99,
          search.cold_us.median,
          search.cold_us.p99,
          search.cold_open_us.median};
}

void add_results(const load::CallStoreResult& found, report::Report& out) {
  const auto calls = static_cast<double>(found.calls);
  const auto add = [&out](const char* key, const char* title, report::Value value) {
    out.results.push_back({{key, title}, std::move(value)});
  };
  const auto add_cpu = [&](const char* key, const char* title, double seconds) {
    add(key, title, seconds / calls * 1e6);
  };
  add("calls", "calls", found.calls);
  add("records", "records, both versions of an answered call", found.records);
  add("calls_per_s", "calls/s, compaction included", found.calls_per_second());
  add("records_per_s", "records/s, compaction included", found.records_per_second());
  add("commit_median_us", "commit of a group us, median", found.commit_us.median);
  add("commit_p99_us", "commit of a group us, p99", found.commit_us.p99);
  add("records_per_group", "records a group", found.records_per_group);
  add_cpu("keeper_us_per_call", "CPU us a call, store thread", found.keeper_cpu_s);
  add_cpu("flush_us_per_call", "CPU us a call, flushes", found.flush_cpu_s);
  add_cpu("compaction_us_per_call", "CPU us a call, compaction", found.compaction_cpu_s);
  add_cpu("maker_us_per_call", "CPU us a call, making the records", found.maker_cpu_s);
  add("disk_bytes_per_call", "bytes on disk a call", static_cast<double>(found.disk_bytes) / calls);
  add("write_stall_us", "RocksDB held writes back us", found.figure("write_stall_us"));
  add("resident_bytes", "greatest resident bytes", found.resident_bytes);
  add("reopen_s", "opening it again s", found.reopen_seconds);
}

}  // namespace

int bench_store(const control::BenchStoreRequest& request) {
  const load::InterruptGuard guard;
  auto scratch = load::Scratch::make(request.directory);
  if (!scratch) return bench_failed(scratch.error());
  tell_notes(**scratch);
  load::CallStoreLoadOptions options;
  options.directory = (*scratch)->path() + "/store";
  options.maker.calls = request.calls;
  options.maker.days = request.days;
  options.page_calls = request.page_calls;
  const auto found = load::run_call_store(options, [](const load::FillStep& step) {
    std::fprintf(stderr, "%lu calls, %.0f/s\n", step.calls, step.calls_per_second);
  });
  if (!found) return bench_failed(found.error());
  report::Report out;
  out.bench = "store";
  out.host = report::host_facts(control::HostFiles());
  out.host.push_back(disk_fact((*scratch)->path()));
  out.simulated = {
      "No network and no media: records are made, and the rows of their extents name "
      "segments that do not exist."};
  if (!found->cache_was_dropped) {
    out.simulated.emplace_back("The page cache could not be dropped: cold searches are not cold.");
  }
  out.columns = store_columns();
  for (const load::StoreSearchResult& search : found->searches) out.rows.push_back(row(search));
  add_results(*found, out);
  return print_report(request.output, wanted_of_host(1, nullptr), out);
}

}  // namespace tapdeck::apps
