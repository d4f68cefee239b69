#include "storage/call_store.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/stat.h>

#include <rocksdb/cache.h>
#include <rocksdb/utilities/checkpoint.h>

#include "base/bytes.h"
#include "model/call_codec.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

// RocksDB has no code for a lock that somebody else holds, only words.
Error open_error(const rocksdb::Status& status, const std::string& directory) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return make_error(ErrorCode::kBusy, "The call store " + directory + " is in use: " + text);
  }
  if (status.IsInvalidArgument() && text.find("does not exist") != std::string::npos) {
    return make_error(ErrorCode::kNotFound, "There is no call store in " + directory + ".");
  }
  return translate(status, "Opening the call store " + directory);
}

Result<void> make_directory(const std::string& directory, bool create) {
  struct stat found {};

  if (::stat(directory.c_str(), &found) == 0) return {};
  if (!create)
    return make_error(ErrorCode::kNotFound, "There is no call store in " + directory + ".");
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return make_errno_error(ErrorCode::kIo, "Making the directory " + directory, errno);
}

// A new store gets its column families at once: RocksDB would make one after the other, and write
// and read back all options with each.  What a crash leaves out, the next opening adds.
rocksdb::Status open_database(CallStore::Impl& store, const CallStoreOptions& options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kColumnNames.size(); ++i) {
    families.emplace_back(kColumnNames[i], column_options(store, static_cast<Column>(i)));
  }

  struct stat found {};

  const bool is_new =
      options.create_if_missing && ::stat((store.directory + "/CURRENT").c_str(), &found) != 0;
  const std::vector<rocksdb::ColumnFamilyDescriptor> others(families.begin() + 1, families.end());
  if (is_new) families.resize(1);
  rocksdb::DB* opened = nullptr;
  const auto open = [&] {
    return rocksdb::DB::Open(
        database_options(store, options), store.directory, families, &store.columns, &opened);
  };
  rocksdb::Status status = open();
  if (status.IsInvalidArgument() && !is_new) {
    const auto fillers = list_fillers(store.directory);
    if (!fillers || fillers->empty()) return status;
    for (const std::string& filler : *fillers) {
      families.emplace_back(filler, rocksdb::ColumnFamilyOptions());
    }
    status = open();
  }
  store.db.reset(opened);
  if (status.ok()) status = drop_fillers(store);
  if (!status.ok() || !is_new) return status;
  std::vector<rocksdb::ColumnFamilyHandle*> made;
  status = opened->CreateColumnFamilies(others, &made);
  store.columns.insert(store.columns.end(), made.begin(), made.end());
  return status;
}

// What is known of the calls that are there: the longest, and up to when they may begin.
Result<void> read_bounds(CallStore::Impl& store) {
  const Reader reader(store);
  const auto maximum = reader.get(Column::kMeta, kMaxTotalKey);
  if (!maximum) return Error(maximum.error());
  if (*maximum && (*maximum)->size() == 8) {
    store.max_total_us = static_cast<std::int64_t>(load_be<std::uint64_t>((*maximum)->data()));
  }
  rocksdb::ReadOptions options = reader.options();
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> calls(
      store.db->NewIterator(options, store.column(Column::kCalls)));
  calls->SeekToLast();
  if (!calls->Valid()) return translate_unless_ok(calls->status(), "Reading the newest call");
  std::int64_t newest_ms = call_key_time_us(calls->key().ToStringView()) / 1'000;
  // Not beyond: the list of open calls lies there, with a mark for each call that ended of late.
  const std::string first = displaced_key({}).substr(0, displaced_key({}).size() - 16);
  const std::string last = successor(first);
  const rocksdb::Slice lower = slice(first);
  options.iterate_lower_bound = &lower;
  const std::unique_ptr<rocksdb::Iterator> displaced(
      store.db->NewIterator(options, store.column(Column::kMeta)));
  displaced->SeekForPrev(slice(last));
  if (displaced->Valid()) {
    const std::optional<Uid> uid = parse_displaced_key(displaced->key().ToStringView());
    if (uid) newest_ms = std::max(newest_ms, uid->start_ms());
  }
  store.recent.set_known_until(newest_ms);
  return translate_unless_ok(displaced->status(), "Reading the newest call");
}

}  // namespace

CallStore::Impl::~Impl() {
  if (db == nullptr) return;
  if (filler != nullptr) columns.push_back(filler);  // the next opening drops it
  for (rocksdb::ColumnFamilyHandle* handle : columns) {
    const rocksdb::Status ignored = db->DestroyColumnFamilyHandle(handle);  // only forgets it
    ignored.PermitUncheckedError();
  }
  const rocksdb::Status closed = db->Close();  // everything acknowledged is in the synced log
  closed.PermitUncheckedError();
}

CallStore::CallStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CallStore::~CallStore() = default;

Result<std::unique_ptr<CallStore>> CallStore::open(const std::string& directory,
                                                   const CallStoreOptions& options) {
  TD_TRY(make_directory(directory, options.create_if_missing));
  auto impl = std::make_unique<Impl>();
  impl->directory = directory;
  impl->overlay = options.overlay;
  impl->erased = options.erased;
  impl->statistics = rocksdb::CreateDBStatistics();
  impl->statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  impl->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  const rocksdb::Status status = open_database(*impl, options);
  if (!status.ok()) return open_error(status, directory);
  TD_TRY(read_bounds(*impl));
  auto events = read_event_bounds(*impl);
  if (!events) return Error(std::move(events.error()));
  impl->events = *events;
  impl->events_max = options.events_max;
  return std::unique_ptr<CallStore>(new CallStore(std::move(impl)));
}

Result<CallRecord> CallStore::get(const Uid& uid) const {
  auto call = get_stored(uid);
  if (call) impl_->apply_overlay(*call);
  return call;
}

Result<CallRecord> CallStore::get_stored(const Uid& uid) const {
  auto stored = UidFinder(*impl_).find_call(uid);
  if (!stored) return Error(std::move(stored.error()));
  if (*stored) return std::move((*stored)->call);
  return make_error(ErrorCode::kNotFound, "There is no call " + to_string(uid) + ".");
}

Result<std::vector<CallRecord>> CallStore::get_terms(std::span<const Uid> uids) const {
  std::vector<CallRecord> calls;
  if (uids.empty()) return calls;
  calls.reserve(uids.size());
  UidFinder finder(*impl_, *std::ranges::max_element(uids));
  for (const Uid& uid : uids) {
    auto stored = finder.find_terms(uid);
    if (!stored) return Error(std::move(stored.error()));
    if (*stored) calls.push_back(std::move((*stored)->call));
  }
  return calls;
}

Result<std::vector<CallRecord>> CallStore::versions(const Uid& uid) const {
  UidFinder finder(*impl_);
  const Reader& reader = finder.reader();
  auto newest = finder.find_call(uid);
  if (!newest) return Error(std::move(newest.error()));
  if (!*newest) return make_error(ErrorCode::kNotFound, "There is no call " + to_string(uid) + ".");
  std::vector<CallRecord> calls;
  const std::string_view key = view((*newest)->key);
  Walk walk(reader, Column::kCalls, version_key((*newest)->key, 0), successor(key));
  for (; walk.valid(); walk.next()) {
    std::optional<CallRecord> call = decode_call(walk.value());
    if (!call) {
      return make_error(ErrorCode::kCorrupt,
                        "An older version of call " + to_string(uid) + " cannot be decoded.");
    }
    calls.push_back(std::move(*call));
  }
  TD_TRY(walk.status());
  calls.push_back(std::move((*newest)->call));
  for (CallRecord& call : calls) impl_->apply_overlay(call);
  return calls;
}

Result<std::vector<CallRecord>> CallStore::open_calls() const {
  const Reader reader(*impl_);
  std::vector<CallRecord> calls;
  const std::string prefix = open_key({}).substr(0, open_key({}).size() - kCallKeyBytes);
  for (Walk walk(reader, Column::kMeta, prefix, successor(prefix));; walk.next()) {
    if (!walk.valid()) {
      TD_TRY(walk.status());
      return calls;
    }
    const std::string_view key = walk.key().substr(prefix.size());
    if (key.size() != kCallKeyBytes) continue;
    auto stored = reader.load(make_call_key(call_key_time_us(key), call_key_uid(key)));
    if (!stored) return Error(std::move(stored.error()));
    if (*stored) calls.push_back(std::move((*stored)->call));
  }
}

Result<void> CallStore::put_meta(std::string_view name, std::string_view value) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status =
      impl_->db->Put(options, impl_->column(Column::kMeta), slice(user_key(name)), slice(value));
  if (!status.ok()) return translate(status, "Writing to the call store " + impl_->directory);
  return {};
}

Result<std::optional<std::string>> CallStore::get_meta(std::string_view name) const {
  return Reader(*impl_).get(Column::kMeta, user_key(name));
}

namespace {

// Flushes and compactions that run, and flushes that are due.  Compactions that are due are begun
// at once; RocksDB's property of that name stays set where as many sorted runs as begin a universal
// compaction are left and none is worth it.
std::uint64_t background_jobs(const CallStore::Impl& store) {
  std::uint64_t jobs = 0;
  for (rocksdb::ColumnFamilyHandle* column : store.columns) {
    std::uint64_t due = 0;
    store.db->GetIntProperty(column, rocksdb::DB::Properties::kMemTableFlushPending, &due);
    jobs += due;
  }
  for (const std::string* property : {&rocksdb::DB::Properties::kNumRunningFlushes,
                                      &rocksdb::DB::Properties::kNumRunningCompactions}) {
    std::uint64_t value = 0;
    store.db->GetIntProperty(*property, &value);
    jobs += value;
  }
  return jobs;
}

}  // namespace

StoreStatistics CallStore::statistics() const {
  StoreStatistics result;
  const auto add_property =
      [&](const std::string& name, Column column, const std::string& property) {
        std::uint64_t value = 0;
        impl_->db->GetIntProperty(impl_->column(column), property, &value);
        result.figures.emplace_back(name, value);
      };
  for (std::size_t i = 1; i < kColumnNames.size(); ++i) {
    const auto column = static_cast<Column>(i);
    const std::string name = kColumnNames[i];
    add_property(name + "_keys_estimate", column, rocksdb::DB::Properties::kEstimateNumKeys);
    add_property(name + "_bytes", column, rocksdb::DB::Properties::kTotalSstFilesSize);
  }
  std::uint64_t memtables = 0;
  impl_->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &memtables);
  result.figures.emplace_back("memtable_bytes", memtables);
  result.figures.emplace_back("block_cache_bytes", impl_->cache->GetUsage());
  const auto add_ticks = [&](const char* name, rocksdb::Tickers ticker) {
    result.figures.emplace_back(name, impl_->statistics->getTickerCount(ticker));
  };
  add_ticks("index_seeks", rocksdb::NUMBER_DB_SEEK);
  add_ticks("index_steps", rocksdb::NUMBER_DB_NEXT);
  add_ticks("point_reads", rocksdb::NUMBER_KEYS_READ);
  add_ticks("log_bytes", rocksdb::WAL_FILE_BYTES);
  add_ticks("log_syncs", rocksdb::WAL_FILE_SYNCED);
  add_ticks("flushed_bytes", rocksdb::FLUSH_WRITE_BYTES);
  add_ticks("compaction_read_bytes", rocksdb::COMPACT_READ_BYTES);
  add_ticks("compaction_written_bytes", rocksdb::COMPACT_WRITE_BYTES);
  add_ticks("write_stall_us", rocksdb::STALL_MICROS);
  result.figures.emplace_back("background_jobs", background_jobs(*impl_));
  const std::lock_guard lock(impl_->put_mutex);
  result.figures.emplace_back("events", impl_->events.count);
  return result;
}

Result<void> CallStore::checkpoint(const std::string& directory) {
  rocksdb::Checkpoint* made = nullptr;
  TD_TRY(translate_unless_ok(rocksdb::Checkpoint::Create(impl_->db.get(), &made),
                             "The call store cannot be copied"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  return translate_unless_ok(checkpoint->CreateCheckpoint(directory),
                             "The call store cannot be copied to " + directory);
}

}  // namespace tapdeck::storage
