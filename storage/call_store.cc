#include "storage/call_store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <sys/stat.h>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "base/log.h"
#include "model/call_codec.h"
#include "storage/call_store_internal.h"

namespace tapdeck::storage {
namespace {

rocksdb::CompressionType best_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

// RocksDB's own log as part of ours.  Not a file of its own: on a full disk, writing that ends the
// process where RocksDB was built with its assertions, as Debian's is.
class WarningLog final : public rocksdb::Logger {
 public:
  WarningLog() : Logger(rocksdb::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;

  void LogHeader(const char*, va_list) override {}  // all its options, at each start

  void Logv(const char* format, va_list arguments) override {
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    log_warning(std::string("RocksDB: ") + text.data());
  }
};

rocksdb::DBOptions database_options(const CallStore::Impl& store, const CallStoreOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = options.create_if_missing;
  database.create_missing_column_families = true;
  database.statistics = store.statistics;
  database.db_write_buffer_size = options.memtable_bytes;
  database.max_total_wal_size = 4 * options.memtable_bytes;
  database.max_open_files = 512;
  database.max_background_jobs = 2;
  database.info_log = std::make_shared<WarningLog>();
  return database;
}

rocksdb::ColumnFamilyOptions column_options(const CallStore::Impl& store) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = store.cache;
  table.cache_index_and_filter_blocks = true;  // counted in the cache's bound
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  rocksdb::ColumnFamilyOptions column;
  column.compression = best_compression();
  column.write_buffer_size = 16U << 20;
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return column;
}

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

}  // namespace

CallStore::Impl::~Impl() {
  if (db == nullptr) return;
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
  impl->statistics = rocksdb::CreateDBStatistics();
  impl->statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  impl->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kColumnNames) descriptors.emplace_back(name, column_options(*impl));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(
      database_options(*impl, options), directory, descriptors, &impl->columns, &opened);
  if (!status.ok()) return open_error(status, directory);
  impl->db.reset(opened);
  {
    const Reader reader(*impl);
    auto maximum = reader.get(Column::kMeta, kMaxTotalKey);
    if (!maximum) return Error(std::move(maximum.error()));
    if (*maximum && (*maximum)->size() == 8) {
      impl->max_total_us = static_cast<std::int64_t>(load_be<std::uint64_t>((*maximum)->data()));
    }
  }
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
  if (!call) {
    return make_error(
        ErrorCode::kCorrupt,
        "The stored record of call " + to_string(call_key_uid(view(key))) + " cannot be decoded.");
  }
  return std::optional(StoredCall{key, std::move(**bytes), std::move(*call)});
}

Result<std::optional<StoredCall>> Reader::find_uid(const Uid& uid) const {
  // A uid begins with the milliseconds of the call's start: the key lies in that one millisecond,
  // unless the call is listed as displaced.
  const std::int64_t from_us = uid.start_ms() * 1'000;
  Walk walk(*this,
            Column::kCalls,
            view(first_call_key(from_us)),
            std::string(view(first_call_key(from_us + 1'000))));
  for (; walk.valid(); walk.next()) {
    if (walk.key().size() != kCallKeyBytes || call_key_uid(walk.key()) != uid) continue;
    return load(make_call_key(call_key_time_us(walk.key()), uid));
  }
  TD_TRY(walk.status());
  auto displaced = get(Column::kMeta, displaced_key(uid));
  if (!displaced) return Error(std::move(displaced.error()));
  if (!*displaced || (*displaced)->size() != 8) return std::optional<StoredCall>{};
  return load(make_call_key(call_key_time_us(**displaced), uid));
}

Walk::Walk(const Reader& reader, Column column, std::string_view lower, std::string upper)
    : upper_(std::move(upper)), upper_slice_(slice(upper_)) {
  rocksdb::ReadOptions options = reader.options();
  if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
  iterator_.reset(reader.store().db->NewIterator(options, reader.store().column(column)));
  iterator_->Seek(slice(lower));
}

Result<void> Walk::status() const {
  const rocksdb::Status status = iterator_->status();
  if (status.ok()) return {};
  return translate(status, "Walking the call store");
}

Result<CallRecord> CallStore::get(const Uid& uid) const {
  auto stored = Reader(*impl_).find_uid(uid);
  if (!stored) return Error(std::move(stored.error()));
  if (*stored) return std::move((*stored)->call);
  return make_error(ErrorCode::kNotFound, "There is no call " + to_string(uid) + ".");
}

Result<std::vector<CallRecord>> CallStore::versions(const Uid& uid) const {
  const Reader reader(*impl_);
  auto newest = reader.find_uid(uid);
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

// Flushes and compactions that run or are due.
std::uint64_t background_jobs(const CallStore::Impl& store) {
  std::uint64_t jobs = 0;
  for (rocksdb::ColumnFamilyHandle* column : store.columns) {
    for (const std::string* property : {&rocksdb::DB::Properties::kMemTableFlushPending,
                                        &rocksdb::DB::Properties::kCompactionPending}) {
      std::uint64_t value = 0;
      store.db->GetIntProperty(column, *property, &value);
      jobs += value;
    }
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
  return result;
}

}  // namespace tapdeck::storage
