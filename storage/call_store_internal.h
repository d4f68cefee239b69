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
#include "storage/call_store_events.h"
#include "storage/call_store_recent.h"

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
  kByConversation = 9,
  kEvents = 10,
  kEventTerms = 11,
};
constexpr std::array<const char*, 12> kColumnNames = {"default",
                                                      "calls",
                                                      "by_number",
                                                      "by_call_id",
                                                      "extents",
                                                      "annotations",
                                                      "rollups",
                                                      "ledger_index",
                                                      "meta",
                                                      "by_conversation",
                                                      "events",
                                                      "event_terms"};

CallKey make_call_key(std::int64_t time_us, const Uid& uid);
CallKey first_call_key(std::int64_t time_us);  // sorts before every call of that microsecond
std::int64_t call_key_time_us(std::string_view key);
Uid call_key_uid(std::string_view key);

inline std::string_view view(const CallKey& key) { return {key.data(), key.size()}; }

std::string version_key(const CallKey& key, std::uint32_t version);

// What a number, Call-ID or conversation is filed under: cut to a bound, without the separator
// byte.
std::string index_term(std::string_view text);
std::string index_key(std::string_view term, std::string_view call_key);  // term, 0x00, call key

std::string open_key(const CallKey& key);     // in meta
std::string displaced_key(const Uid& uid);    // in meta
std::string user_key(std::string_view name);  // in meta
constexpr std::string_view kMaxTotalKey = "max_total_us";
constexpr std::string_view kEventCountKey = "event_count";

constexpr std::size_t kExtentPrefixBytes = 1 + 16;  // tag, and recording or segment
std::string row_key(const ExtentRow& row);
std::string row_by_segment_key(const ExtentRow& row);
std::string row_prefix(const Uid& recording);
std::string segment_prefix(const SegmentId& segment);
std::string discard_key(const ExtentRow& row);
std::string discard_prefix(const SegmentId& segment);
std::string claim_key(const KeyClaim& claim);
std::string claim_prefix(const Uid& recording);
std::string destroyed_key(const Uid& recording, SegmentKind kind);
std::optional<ExtentRow> parse_row_key(std::string_view key);             // without `packed`
std::optional<ExtentRow> parse_row_by_segment_key(std::string_view key);  // without `packed`
std::optional<Uid> parse_discard_key(std::string_view key);
std::optional<KeyClaim> parse_claim(std::string_view key, std::string_view value);

std::string successor(std::string_view prefix);  // the smallest key above every key with `prefix`

std::string encode_cursor(const CallKey& key);
std::optional<CallKey> decode_cursor(std::string_view text);

std::optional<Uid> parse_displaced_key(std::string_view key);

rocksdb::Slice slice(std::string_view text);
Error translate(const rocksdb::Status& status, std::string_view what);
Result<void> translate_unless_ok(const rocksdb::Status& status, std::string_view what);

rocksdb::DBOptions database_options(const CallStore::Impl& store, const CallStoreOptions& options);
rocksdb::ColumnFamilyOptions column_options(const CallStore::Impl& store, Column which);

Error undecodable_call(std::string_view call_key);

// A call as stored: under which key, and its bytes.
struct StoredBytes {
  CallKey key{};
  std::string bytes;
};

struct StoredCall {
  CallKey key{};
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
  RecentCalls recent;                                 // under put_mutex
  std::uint64_t events_max = 0;
  EventBounds events;  // under put_mutex

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
  Result<std::optional<StoredCall>> load(const CallKey& key) const;

  [[nodiscard]] const rocksdb::ReadOptions& options() const { return options_; }

  [[nodiscard]] const CallStore::Impl& store() const { return store_; }

 private:
  const CallStore::Impl& store_;
  rocksdb::ReadOptions options_;
};

// Finds newest versions by uid, many at little more than the cost of one.  Threads: one.
class UidFinder {
 public:
  explicit UidFinder(const CallStore::Impl& store) : reader_(store) {}

  Result<std::optional<StoredBytes>> find(const Uid& uid);
  Result<std::optional<StoredCall>> find_call(const Uid& uid);

  [[nodiscard]] const Reader& reader() const { return reader_; }

 private:
  const Reader reader_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Walks the keys of one column family from `lower` up to, not including, `upper` (empty: the end).
class Walk {
 public:
  // kPrefix: all keys wanted, and the seek, share what their column family filters by: a term and
  // its zero, or kExtentPrefixBytes.  Much less is read then.
  enum class Reach : std::uint8_t { kAnywhere, kPrefix };

  Walk(const Reader& reader,
       Column column,
       std::string_view lower,
       std::string upper,
       Reach reach = Reach::kAnywhere);

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
