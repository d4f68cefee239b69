#include "bench/load/call_store_load.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <queue>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "base/clock.h"
#include "base/spsc_ring.h"
#include "bench/load/call_store_search.h"
#include "bench/load/call_store_verify.h"
#include "bench/load/disk_directory.h"
#include "bench/load/interrupt.h"
#include "storage/store.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kQueueRecords = 4'096;  // as the recorder's queue to the store thread
constexpr std::uint64_t kStepCalls = 1'000'000;

struct Made {
  CallRecord record;
  std::vector<storage::ExtentRow> rows;
};

using MadeRing = SpscRing<Made>;

double thread_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// CPU time of all threads of this process with that name.
double named_threads_cpu_s(const std::string& name) {
  double ticks = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    std::getline(file, line);
    const std::size_t open = line.find('(');
    const std::size_t close = line.rfind(')');
    if (close == std::string::npos || line.substr(open + 1, close - open - 1) != name) continue;
    std::istringstream rest(line.substr(close + 2));
    std::string field;
    for (int i = 3; i <= 13; ++i) rest >> field;
    double user = 0;
    double system = 0;
    rest >> user >> system;
    ticks += user + system;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Every version in the order in which the recorder would put it.
void make_all(const CallMaker& maker, MadeRing& ring, std::atomic<bool>& stop) {
  struct Event {
    std::int64_t at_us;
    std::uint64_t call;
    bool final;

    bool operator>(const Event& other) const { return at_us > other.at_us; }
  };

  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  std::uint64_t next = 0;
  const std::uint64_t calls = maker.options().calls;
  while (next < calls || !events.empty()) {
    CallMaker::Times times;
    if (next < calls) times = maker.times(next);
    if (next < calls && (events.empty() || times.start_us <= events.top().at_us)) {
      const bool answered = times.answered_us != 0;
      events.push({answered ? times.answered_us : times.end_us, next, !answered});
      ++next;
      continue;
    }
    const Event event = events.top();
    events.pop();
    if (!event.final) events.push({maker.times(event.call).end_us, event.call, true});
    Made made{maker.record(event.call, event.final), {}};
    if (event.final && maker.options().rows) made.rows = maker.rows(event.call);
    while (!ring.try_push(made)) {
      if (stop.load(std::memory_order_relaxed)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a twentieth of the ring
    }
  }
}

// What RecordKeeper and the store do with records: group, put, count.
class Keeper {
 public:
  Keeper(storage::CallStore& store, std::size_t group_max, CallStoreResult& result)
      : store_(store), group_max_(group_max), result_(result) {}

  Result<void> run(MadeRing& ring, std::uint64_t calls, const FillProgress& progress) {
    const std::int64_t begin_ns = monotonic_now_ns();
    while (result_.calls < calls) {
      TD_TRY(go_on());
      take(ring);
      const bool due = monotonic_now_ns() - committed_ns_ >= 100 * kNsPerMs;
      if (group_.empty() || (group_.size() < kGroupRecords && !due)) {
        std::this_thread::sleep_for(std::chrono::microseconds(20));
        continue;
      }
      TD_TRY(commit());
      if (result_.calls / kStepCalls != told_ / kStepCalls || result_.calls == calls) {
        tell(seconds_since(begin_ns), progress);
      }
    }
    result_.fill_seconds = seconds_since(begin_ns);
    result_.commit_us = distribution_of(std::move(commit_us_));
    result_.records_per_group = static_cast<double>(result_.records) / static_cast<double>(groups_);
    return {};
  }

 private:
  static constexpr std::size_t kGroupRecords = 64;

  void take(MadeRing& ring) {
    while (group_.size() < group_max_) {
      std::optional<Made> made = ring.try_pop();
      if (!made) return;
      finals_ += made->record.final ? 1 : 0;
      group_.push_back(std::move(made->record));
      for (storage::ExtentRow& row : made->rows) rows_.push_back(std::move(row));
    }
  }

  Result<void> commit() {
    committed_ns_ = monotonic_now_ns();
    TD_TRY(store_.put(group_, rows_));
    commit_us_.push_back(static_cast<double>(monotonic_now_ns() - committed_ns_) / kNsPerUs);
    ++groups_;
    result_.records += group_.size();
    result_.calls += finals_;
    finals_ = 0;
    group_.clear();
    rows_.clear();
    return {};
  }

  void tell(double seconds, const FillProgress& progress) {
    const double before = result_.steps.empty() ? 0 : result_.steps.back().seconds;
    result_.steps.push_back(
        {result_.calls,
         seconds,
         static_cast<double>(result_.calls - told_) / std::max(1e-9, seconds - before)});
    told_ = result_.calls;
    if (progress) progress(result_.steps.back());
  }

  storage::CallStore& store_;
  const std::size_t group_max_;
  CallStoreResult& result_;
  std::vector<CallRecord> group_;
  std::vector<storage::ExtentRow> rows_;
  std::vector<double> commit_us_;
  std::uint64_t finals_ = 0;
  std::uint64_t groups_ = 0;
  std::uint64_t told_ = 0;
  std::int64_t committed_ns_ = 0;
};

Result<void> make_store_directory(const std::string& directory) {
  std::error_code ignored;
  if (std::filesystem::exists(directory + "/calls", ignored)) {
    return make_error(ErrorCode::kAlreadyExists,
                      directory + " holds a store already; name an empty directory.");
  }
  std::filesystem::create_directories(directory, ignored);
  return check_disk_directory(directory);
}

void wait_for_compaction(const storage::CallStore& store) {
  const auto is_busy = [&store] {
    for (const auto& [name, value] : store.statistics().figures) {
      if (name == "background_jobs" && value != 0) return true;
    }
    return false;
  };
  for (int idle = 0; idle < 25 && !is_interrupted(); idle = is_busy() ? 0 : idle + 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Result<void> fill(const CallStoreLoadOptions& options,
                  const CallMaker& maker,
                  CallStoreResult& result,
                  const FillProgress& progress) {
  auto store = storage::CallStore::open(options.directory + "/calls", store_options(options));
  if (!store) return Error(store.error());
  const double flush_before_s = named_threads_cpu_s("rocksdb:high");
  const double compaction_before_s = named_threads_cpu_s("rocksdb:low");
  MadeRing ring(kQueueRecords);
  std::atomic<bool> stop{false};
  std::thread making([&] {
    ::pthread_setname_np(::pthread_self(), "maker");
    make_all(maker, ring, stop);
    result.maker_cpu_s = thread_cpu_s();
  });
  const double keeper_before_s = thread_cpu_s();
  const std::size_t group_max = options.group_calls_max == 0 ? 512 : options.group_calls_max;
  const auto filled = Keeper(**store, group_max, result).run(ring, maker.options().calls, progress);
  result.keeper_cpu_s = thread_cpu_s() - keeper_before_s;
  stop.store(true);
  making.join();
  TD_TRY(filled);
  const std::int64_t compaction_ns = monotonic_now_ns();
  wait_for_compaction(**store);
  result.compaction_seconds = seconds_since(compaction_ns);
  result.flush_cpu_s = named_threads_cpu_s("rocksdb:high") - flush_before_s;
  result.compaction_cpu_s = named_threads_cpu_s("rocksdb:low") - compaction_before_s;
  result.figures = (*store)->statistics().figures;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  result.resident_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1'024;
  return {};
}

Result<void> examine(const CallStoreLoadOptions& options,
                     const CallMaker& maker,
                     FreshProcess& fresh,
                     CallStoreResult& result) {
  {
    const std::int64_t open_ns = monotonic_now_ns();
    const auto store =
        storage::CallStore::open(options.directory + "/calls", store_options(options));
    if (!store) return Error(store.error());
    result.reopen_seconds = seconds_since(open_ns);
    TD_TRY(verify_calls(maker, **store, options.samples));
    for (const SearchKind kind : kSearchKinds) {
      TD_TRY(go_on());
      auto searched = measure_search(options, **store, kind);
      if (!searched) return Error(searched.error());
      result.searches.push_back(std::move(*searched));
    }
    result.disk_bytes = bytes_below(options.directory);
  }
  if (options.cold_searches == 0) return {};
  result.cache_was_dropped = drop_page_cache();
  for (std::size_t i = 0; i < std::size(kSearchKinds); ++i) {
    TD_TRY(go_on());
    TD_TRY(measure_cold(options, fresh, kSearchKinds[i], result.searches[i]));
  }
  return {};
}

}  // namespace

double CallStoreResult::calls_per_second() const {
  return static_cast<double>(calls) / (fill_seconds + compaction_seconds);
}

double CallStoreResult::records_per_second() const {
  return static_cast<double>(records) / (fill_seconds + compaction_seconds);
}

std::uint64_t CallStoreResult::figure(const std::string& name) const {
  for (const auto& [key, value] : figures) {
    if (key == name) return value;
  }
  return 0;
}

Result<CallStoreResult> run_call_store(const CallStoreLoadOptions& options,
                                       const FillProgress& progress) {
  TD_TRY(make_store_directory(options.directory));
  FreshProcess fresh(
      [&options](const std::string& question) { return answer_cold(options, question); });
  {
    const auto made = storage::Store::open({.directory = options.directory, .master_key_file = {}});
    if (!made) return Error(made.error());
  }
  const CallMaker maker(options.maker);
  CallStoreResult result;
  auto done = fill(options, maker, result, progress);
  if (done) done = examine(options, maker, fresh, result);
  std::error_code ignored;
  if (!options.keep) std::filesystem::remove_all(options.directory, ignored);
  if (!done) return Error(done.error());
  return result;
}

}  // namespace tapdeck::load
