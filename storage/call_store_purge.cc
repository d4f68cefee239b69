// Makes sure that no file of RocksDB has what was removed: neither its logs nor its tables, nor the
// manifest, which is the list of tables.
//
// A removal is a mark at first; what it removes stays in the files until they are rewritten down to
// the last level, and in the log until that is dropped.  A snapshot from before keeps both.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <set>
#include <thread>
#include <unistd.h>

#include "base/log.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

constexpr std::chrono::hours kCompactionMax{1};  // that a purge waits for
constexpr std::size_t kRangesMax = 64;           // more calls: all between the first and the last

// Keys of the calls column, each the first that may be a call's; a call takes what follows it.
struct Range {
  std::string lower;
  std::string upper;
};

constexpr std::array kPersonal = {
    Column::kCalls, Column::kByNumber, Column::kByCallId, Column::kByConversation};

// While it lives RocksDB compacts nothing of those columns by itself: what moves to another level
// while a purge walks the levels would be passed by.
class CompactionPause {
 public:
  explicit CompactionPause(CallStore::Impl& store) : store_(store) {}

  ~CompactionPause() {
    const auto resumed = set("false");
    if (!resumed) log_warning(resumed.error().message);
  }

  CompactionPause(const CompactionPause&) = delete;
  CompactionPause& operator=(const CompactionPause&) = delete;

  Result<void> begin() { return set("true"); }

  // None began before and still runs.
  [[nodiscard]] bool is_idle() const {
    return std::none_of(kPersonal.begin(), kPersonal.end(), [this](Column column) {
      rocksdb::ColumnFamilyMetaData family;
      store_.db->GetColumnFamilyMetaData(store_.column(column), &family);
      return std::any_of(family.levels.begin(), family.levels.end(), [](const auto& level) {
        return std::any_of(level.files.begin(), level.files.end(), [](const auto& file) {
          return file.being_compacted;
        });
      });
    });
  }

 private:
  Result<void> set(const std::string& disabled) {
    Result<void> done;
    for (const Column column : kPersonal) {
      const rocksdb::Status status =
          store_.db->SetOptions(store_.column(column), {{"disable_auto_compactions", disabled}});
      if (!status.ok()) done = translate(status, "Setting the call store's compactions");
    }
    return done;
  }

  CallStore::Impl& store_;
};

class Purge {
 public:
  explicit Purge(CallStore::Impl& store) : store_(store) {}

  Result<void> run(std::span<const Uid> calls);
  Result<void> run_everywhere();

 private:
  using Names = std::set<std::string>;

  Result<std::vector<Range>> ranges_of(std::span<const Uid> calls);
  Result<void> forget_marks();
  Result<void> rewrite(const std::vector<Range>& ranges);
  Result<void> flush();
  Result<void> wait_for_snapshots();
  Result<void> compact(const std::vector<Range>& ranges);
  Result<void> compact(Column column, const Range* range);
  Result<std::uint64_t> newest_log();
  Result<void> wait_for_logs(std::uint64_t removed_until);
  Result<void> wait_for_tables(const Names& before);
  [[nodiscard]] Names tables() const;
  Result<void> mark();
  static Result<void> wait(const std::function<Result<bool>()>& done,
                           const char* what,
                           std::chrono::seconds longest = kWaitMax);

  CallStore::Impl& store_;
  rocksdb::WriteBatch marks_;  // that are needed no more
};

// By milliseconds of their uids, and where displaced calls were.
Result<std::vector<Range>> Purge::ranges_of(std::span<const Uid> calls) {
  const Reader reader(store_);
  std::vector<Range> ranges;
  const auto add = [&](std::int64_t from_us) {
    ranges.push_back({std::string(view(first_call_key(from_us))),
                      std::string(view(first_call_key(from_us + 1'000)))});
  };
  for (const Uid& uid : calls) {
    add(uid.start_ms() * 1'000);
    for (const std::string& key : {gone_key(uid), displaced_key(uid)}) {
      const auto displaced = reader.get(Column::kMeta, key);
      if (!displaced) return Error(displaced.error());
      if (!*displaced || (*displaced)->size() != 8) continue;
      add(call_key_time_us(**displaced));
    }
    marks_.Delete(store_.column(Column::kMeta), slice(gone_key(uid)));
  }
  if (ranges.size() <= kRangesMax) return ranges;
  const auto [first, last] =
      std::minmax_element(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
        return a.lower < b.lower;
      });
  return std::vector<Range>{{first->lower, last->upper}};
}

Result<void> Purge::wait(const std::function<Result<bool>()>& done,
                         const char* what,
                         std::chrono::seconds longest) {
  const auto until = std::chrono::steady_clock::now() + longest;
  while (true) {
    const Result<bool> now = done();
    if (!now) return Error(now.error());
    if (*now) return {};
    if (std::chrono::steady_clock::now() >= until) {
      return make_error(ErrorCode::kBusy,
                        std::string("What was removed is still in files of the call store: ") +
                            what + ". To be asked again.");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

// Removals that are in no snapshot's sight are final for a compaction.
Result<void> Purge::wait_for_snapshots() {
  const std::uint64_t removed = store_.db->GetLatestSequenceNumber();
  return wait(
      [&]() -> Result<bool> {
        std::uint64_t oldest = 0;
        store_.db->GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest);
        return oldest == 0 || oldest >= removed;
      },
      "a query that began before has not ended");
}

Result<void> Purge::flush() {
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  return translate_unless_ok(store_.db->Flush(options, store_.columns), "Flushing the call store");
}

Result<void> Purge::compact(Column column, const Range* range) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.allow_write_stall = true;
  const rocksdb::Slice lower = range == nullptr ? rocksdb::Slice() : slice(range->lower);
  const rocksdb::Slice upper = range == nullptr ? rocksdb::Slice() : slice(range->upper);
  return translate_unless_ok(store_.db->CompactRange(options,
                                                     store_.column(column),
                                                     range == nullptr ? nullptr : &lower,
                                                     range == nullptr ? nullptr : &upper),
                             "Compacting the call store");
}

// No ranges: all of it.  Runs of an index by terms are compacted as a whole: which terms led to the
// calls is not known any more.
Result<void> Purge::compact(const std::vector<Range>& ranges) {
  if (ranges.empty()) TD_TRY(compact(Column::kCalls, nullptr));
  for (const Range& range : ranges) TD_TRY(compact(Column::kCalls, &range));
  for (const Column column : kPersonal) {
    if (column != Column::kCalls) TD_TRY(compact(column, nullptr));
  }
  return {};
}

Result<std::uint64_t> Purge::newest_log() {
  rocksdb::VectorLogPtr logs;
  const rocksdb::Status status = store_.db->GetSortedWalFiles(logs);
  if (!status.ok()) return translate(status, "Listing the logs of the call store");
  std::uint64_t newest = 0;
  for (const auto& log : logs) newest = std::max(newest, log->LogNumber());
  return newest;
}

Result<void> Purge::wait_for_logs(std::uint64_t removed_until) {
  return wait(
      [&]() -> Result<bool> {
        rocksdb::VectorLogPtr logs;
        const rocksdb::Status status = store_.db->GetSortedWalFiles(logs);
        if (!status.ok()) return translate(status, "Listing the logs of the call store");
        return std::all_of(logs.begin(), logs.end(), [&](const auto& log) {
          return log->LogNumber() > removed_until;
        });
      },
      "a log is still needed");
}

Purge::Names Purge::tables() const {
  std::vector<rocksdb::LiveFileMetaData> files;
  store_.db->GetLiveFilesMetaData(&files);
  Names names;
  for (const rocksdb::LiveFileMetaData& file : files) names.insert(file.db_path + file.name);
  return names;
}

// Tables that were replaced are unlinked when no reader has them open any more.
Result<void> Purge::wait_for_tables(const Names& before) {
  return wait(
      [&]() -> Result<bool> {
        const Names now = tables();
        return std::none_of(before.begin(), before.end(), [&](const std::string& path) {
          return !now.contains(path) && access(path.c_str(), F_OK) == 0;
        });
      },
      "a query that began before has not ended");
}

// So that there is something to flush and the log is begun anew.
Result<void> Purge::mark() {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status marked =
      store_.db->Put(synced, store_.column(Column::kMeta), kPurgeKey, rocksdb::Slice());
  return translate_unless_ok(marked, "Writing to the call store " + store_.directory);
}

Result<void> Purge::run(std::span<const Uid> calls) {
  const auto ranges = ranges_of(calls);
  if (!ranges) return Error(ranges.error());
  return rewrite(*ranges);
}

// Marks tell a purge of single calls where those were.
Result<void> Purge::forget_marks() {
  const Reader reader(store_);
  const std::string prefix(kGonePrefix);
  Walk walk(reader, Column::kMeta, prefix, successor(prefix));
  for (; walk.valid(); walk.next()) {
    marks_.Delete(store_.column(Column::kMeta), slice(walk.key()));
  }
  return walk.status();
}

Result<void> Purge::run_everywhere() {
  TD_TRY(forget_marks());
  return rewrite({});
}

Result<void> Purge::rewrite(const std::vector<Range>& ranges) {
  TD_TRY(mark());
  const auto log = newest_log();
  if (!log) return Error(log.error());
  TD_TRY(flush());
  TD_TRY(wait_for_snapshots());
  CompactionPause pause(store_);
  TD_TRY(pause.begin());
  TD_TRY(wait([&]() -> Result<bool> { return pause.is_idle(); },
              "a compaction has not ended",
              kCompactionMax));
  const Names before = tables();
  TD_TRY(compact(ranges));
  TD_TRY(wait_for_logs(*log));
  TD_TRY(wait_for_tables(before));
  TD_TRY(renew_manifest(store_));
  const std::lock_guard lock(store_.put_mutex);
  return write_synced_locked(store_, marks_);
}

}  // namespace

Result<void> CallStore::purge(std::span<const Uid> calls) {
  if (calls.empty()) return {};
  return Purge(*impl_).run(calls);
}

Result<void> CallStore::purge_everywhere() { return Purge(*impl_).run_everywhere(); }

}  // namespace tapdeck::storage
