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

Reader::Reader(const CallStore::Impl& store) : store_(store) {
  options_.snapshot = store.db->GetSnapshot();
}

Reader::~Reader() { store_.db->ReleaseSnapshot(options_.snapshot); }

Result<std::optional<std::string>> Reader::get(Column column, std::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      store_.db->Get(options_, store_.column(column), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return translate(status, "Reading the call store " + store_.directory);
  return std::optional(std::move(value));
}

Result<std::optional<StoredCall>> Reader::load(const CallKey& key) const {
  auto bytes = get(Column::kCalls, view(key));
  if (!bytes) return Error(std::move(bytes.error()));
  if (!*bytes) return std::optional<StoredCall>{};
  std::optional<CallRecord> call = decode_call(**bytes);
  if (!call) return undecodable_call(view(key));
  return std::optional(StoredCall{key, std::move(*call)});
}

Result<std::optional<StoredCall>> UidFinder::find_decoded(const Uid& uid, Decode decode) {
  auto stored = find(uid);
  if (!stored) return Error(std::move(stored.error()));
  if (!*stored) return std::optional<StoredCall>{};
  std::optional<CallRecord> call = decode((*stored)->bytes);
  if (!call) return undecodable_call(view((*stored)->key));
  return std::optional(StoredCall{(*stored)->key, std::move(*call)});
}

Result<std::optional<StoredCall>> UidFinder::find_call(const Uid& uid) {
  return find_decoded(uid, decode_call);
}

// They stand right behind it, where find() has come to a stop.
Result<std::optional<StoredCall>> UidFinder::find_with_older(const Uid& uid) {
  auto stored = find_terms(uid);
  if (!stored || !*stored) return stored;
  const std::string_view key = view((*stored)->key);
  if (walk_.valid() && walk_.key() == key) {
    walk_.next();
  } else {
    walk_.restart(version_key((*stored)->key, 0), successor(key));
  }
  for (; walk_.valid() && walk_.key().starts_with(key); walk_.next()) {
    if (walk_.key().size() != kCallKeyBytes + 4) continue;
    (*stored)->older.push_back(load_be<std::uint32_t>(walk_.key().data() + kCallKeyBytes));
  }
  TD_TRY(walk_.status());
  return stored;
}

// A uid begins with the milliseconds of the call's start: the key lies in that one millisecond,
// unless the call is listed as displaced.
Result<std::optional<StoredBytes>> UidFinder::find(const Uid& uid) {
  const std::int64_t from_us = uid.start_ms() * 1'000;
  // Bounded, so that nothing that was removed behind it is walked over.
  const CallKey first = first_call_key(from_us);
  walk_.restart(view(first), std::string(view(first_call_key(from_us + 1'000))));
  for (; walk_.valid(); walk_.next()) {
    const std::string_view key = walk_.key();
    if (key.size() != kCallKeyBytes || call_key_uid(key) != uid) continue;
    return std::optional(
        StoredBytes{make_call_key(call_key_time_us(key), uid), std::string(walk_.value())});
  }
  TD_TRY(walk_.status());
  auto displaced = reader_.get(Column::kMeta, displaced_key(uid));
  if (!displaced) return Error(std::move(displaced.error()));
  if (!*displaced || (*displaced)->size() != 8) return std::optional<StoredBytes>{};
  const CallKey key = make_call_key(call_key_time_us(**displaced), uid);
  auto bytes = reader_.get(Column::kCalls, view(key));
  if (!bytes) return Error(std::move(bytes.error()));
  if (!*bytes) return std::optional<StoredBytes>{};
  return std::optional(StoredBytes{key, std::move(**bytes)});
}

Walk::Walk(
    const Reader& reader, Column column, std::string_view lower, std::string upper, Reach reach)
    : upper_(std::move(upper)), upper_slice_(slice(upper_)) {
  rocksdb::ReadOptions options = reader.options();
  options.total_order_seek = reach == Reach::kAnywhere;
  if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
  iterator_.reset(reader.store().db->NewIterator(options, reader.store().column(column)));
  iterator_->Seek(slice(lower));
}

Walk::Walk(const Reader& reader, Column column, Reach reach) {
  rocksdb::ReadOptions options = reader.options();
  options.total_order_seek = reach == Reach::kAnywhere;
  options.iterate_upper_bound = &upper_slice_;  // RocksDB looks at it with each seek
  iterator_.reset(reader.store().db->NewIterator(options, reader.store().column(column)));
}

void Walk::restart(std::string_view lower, std::string upper) {
  upper_ = std::move(upper);
  upper_slice_ = slice(upper_);
  iterator_->Seek(slice(lower));
}

Result<void> Walk::status() const {
  const rocksdb::Status status = iterator_->status();
  if (status.ok()) return {};
  return translate(status, "Walking the call store");
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
  UidFinder finder(*impl_);
  std::vector<CallRecord> calls;
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
