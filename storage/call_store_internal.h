// Shared by the call store's own sources and by nobody else: column families, keys, and a snapshot
// with its walks.  Keys are laid out in docs/formats/call_store.md.
// Threads: CallStore::Impl is read by any thread, written under put_mutex.  Memory: RocksDB's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/statistics.h>

#include "storage/call_store.h"

namespace tapdeck::storage {

enum class Column : std::uint8_t {
  kDefault = 0,  // RocksDB insists on it; empty
  kCalls = 1,
  kByNumber = 2,
  kByCallId = 3,
  kExtents = 4,
  kAnnotations = 5,
  kRollups = 6,
  kLedgerIndex = 7,
  kMeta = 8,
};
constexpr std::array<const char*, 9> kColumnNames = {"default",
                                                     "calls",
                                                     "by_number",
                                                     "by_call_id",
                                                     "extents",
                                                     "annotations",
                                                     "rollups",
                                                     "ledger_index",
                                                     "meta"};

// Time (8 bytes, big endian, sign flipped so that bytes sort as times do), then the uid.
constexpr std::size_t kCallKeyBytes = 24;
using CallKey = std::array<char, kCallKeyBytes>;

CallKey make_call_key(std::int64_t time_us, const Uid& uid);
CallKey first_call_key(std::int64_t time_us);  // sorts before every call of that microsecond
std::int64_t call_key_time_us(std::string_view key);
Uid call_key_uid(std::string_view key);

inline std::string_view view(const CallKey& key) { return {key.data(), key.size()}; }

std::string version_key(const CallKey& key, std::uint32_t version);

// What a number or Call-ID is filed under: cut to a bound, without the separator byte.
std::string index_term(std::string_view text);
std::string index_key(std::string_view term, std::string_view call_key);  // term, 0x00, call key

std::string open_key(const CallKey& key);     // in meta
std::string displaced_key(const Uid& uid);    // in meta
std::string user_key(std::string_view name);  // in meta
constexpr std::string_view kMaxTotalKey = "max_total_us";

std::string row_key(const ExtentRow& row);
std::string row_by_segment_key(const ExtentRow& row);
std::string row_prefix(const Uid& recording);
std::string segment_prefix(const SegmentId& segment);
std::string discard_key(const ExtentRow& row);
std::string discard_prefix(const SegmentId& segment);
std::optional<ExtentRow> parse_row_key(std::string_view key);             // without `packed`
std::optional<ExtentRow> parse_row_by_segment_key(std::string_view key);  // without `packed`
std::optional<Uid> parse_discard_key(std::string_view key);

std::string successor(std::string_view prefix);  // the smallest key above every key with `prefix`

std::string encode_cursor(const CallKey& key);
std::optional<CallKey> decode_cursor(std::string_view text);

rocksdb::Slice slice(std::string_view text);
Error translate(const rocksdb::Status& status, std::string_view what);

// A call as stored: under which key, and its bytes.
struct StoredCall {
  CallKey key{};
  std::string bytes;
  CallRecord call;
};

struct CallStore::Impl {
  std::string directory;
  std::shared_ptr<rocksdb::Statistics> statistics;
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> columns;  // by Column
  std::mutex put_mutex;                               // one batch at a time reads before it writes
  std::int64_t max_total_us = 0;                      // of ended calls; under put_mutex

  ~Impl();

  [[nodiscard]] rocksdb::ColumnFamilyHandle* column(Column which) const {
    return columns[static_cast<std::size_t>(which)];
  }
};

// One consistent view of the store.  Threads: one.
class Reader {
 public:
  explicit Reader(const CallStore::Impl& store);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // nullopt: no such key.
  Result<std::optional<std::string>> get(Column column, std::string_view key) const;
  Result<std::optional<StoredCall>> find_uid(const Uid& uid) const;
  Result<std::optional<StoredCall>> load(const CallKey& key) const;

  [[nodiscard]] const rocksdb::ReadOptions& options() const { return options_; }

  [[nodiscard]] const CallStore::Impl& store() const { return store_; }

 private:
  const CallStore::Impl& store_;
  rocksdb::ReadOptions options_;
};

// Walks the keys of one column family from `lower` up to, not including, `upper` (empty: the end).
class Walk {
 public:
  Walk(const Reader& reader, Column column, std::string_view lower, std::string upper);

  [[nodiscard]] bool valid() const { return iterator_->Valid(); }

  [[nodiscard]] std::string_view key() const { return iterator_->key().ToStringView(); }

  [[nodiscard]] std::string_view value() const { return iterator_->value().ToStringView(); }

  void next() { iterator_->Next(); }

  void seek(std::string_view key) { iterator_->Seek(slice(key)); }

  [[nodiscard]] Result<void> status() const;  // after valid() is false

 private:
  std::string upper_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace tapdeck::storage
