// Fills a call store on a real disk with the records of a network's calls, as `run` would: the
// version of the answer, then the final one with the rows of its extents, in groups, each a synced
// batch with all indexes.  Waits for compaction, compares what is stored with what was made, and
// measures searches: warm, and cold in a new process behind a dropped page cache.
// Threads: run_call_store() makes one thread that makes records; it must be called before the
// process has others, since cold searches run in children of it.  Memory: the store's, some MiB.
// Failing: a store on tmpfs is refused; what was stored wrongly is an error, not a figure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/load/call_maker.h"

namespace tapdeck::load {

struct CallStoreLoadOptions {
  std::string directory;  // made when missing; must not hold a store
  MakerOptions maker;
  std::size_t group_calls_max = 0;  // 0: as the recorder groups them
  std::uint64_t block_cache_bytes = 64ULL << 20;
  std::uint32_t page_calls = 50;     // of a search
  std::uint32_t searches = 500;      // of each kind, warm
  std::uint32_t cold_searches = 20;  // of each kind
  std::uint32_t samples = 2'000;     // calls that are compared one by one
  bool keep = false;                 // the store, afterwards
};

struct Distribution {
  double median = 0;
  double p99 = 0;
  double max = 0;
};

struct FillStep {
  std::uint64_t calls = 0;      // final records so far
  double seconds = 0;           // so far
  double calls_per_second = 0;  // since the step before
};

struct StoreSearchResult {
  std::string kind;
  double calls_found = 0;  // in the page, on average
  Distribution warm_us;
  Distribution cold_us;       // the search alone
  Distribution cold_open_us;  // opening the store before it
};

struct CallStoreResult {
  std::uint64_t calls = 0;
  std::uint64_t records = 0;  // versions put: an answered call has two
  double fill_seconds = 0;
  double compaction_seconds = 0;  // from the last put until nothing was left to compact
  std::vector<FillStep> steps;
  Distribution commit_us;  // of one group
  double records_per_group = 0;
  double maker_cpu_s = 0;   // making the records: not the store's
  double keeper_cpu_s = 0;  // the thread that puts
  double flush_cpu_s = 0;   // RocksDB's threads
  double compaction_cpu_s = 0;
  std::vector<std::pair<std::string, std::uint64_t>> figures;  // CallStore::statistics()
  std::uint64_t disk_bytes = 0;                                // of files, at the end
  std::uint64_t resident_bytes = 0;                            // greatest of the process
  double reopen_seconds = 0;
  bool cache_was_dropped = false;  // else cold searches are not cold
  std::vector<StoreSearchResult> searches;

  [[nodiscard]] double calls_per_second() const;  // compaction included
  [[nodiscard]] double records_per_second() const;
  [[nodiscard]] std::uint64_t figure(const std::string& name) const;
};

using FillProgress = std::function<void(const FillStep& step)>;  // each million of calls

Result<CallStoreResult> run_call_store(const CallStoreLoadOptions& options,
                                       const FillProgress& progress);

}  // namespace tapdeck::load
