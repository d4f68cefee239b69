// Shared by the call store's own sources and by nobody else: column families, keys, and a snapshot
// with its walks.  Keys are laid out in docs/formats/call_store.md.
// Threads: CallStore::Impl is read by any thread, written under put_mutex.  Memory: RocksDB's.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/statistics.h>
#include <rocksdb/write_batch.h>

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
  kExpiry = 12,
};
constexpr std::array<const char*, 13> kColumnNames = {"default",
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
                                                      "event_terms",
                                                      "expiry"};

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
std::string gone_key(const Uid& uid);         // in meta
std::string displaced_key(const Uid& uid);    // in meta
std::string user_key(std::string_view name);  // in meta
constexpr std::string_view kMaxTotalKey = "max_total_us";
constexpr std::string_view kEventCountKey = "event_count";
constexpr const char* kPurgeKey = "purge";
constexpr std::size_t kManifestBytes = 1U << 20;  // some 5 000 changes, then a new one is begun
// How often it is looked whether RocksDB has done what it was told, and for how long.
constexpr std::chrono::milliseconds kLookAgain{5};
constexpr std::chrono::seconds kWaitMax{60};
constexpr std::string_view kGonePrefix = "gone/";

constexpr std::size_t kExtentPrefixBytes = 1 + 16;  // tag, and recording or segment
std::string row_key(const ExtentRow& row);
std::string row_by_segment_key(const ExtentRow& row);
std::string row_prefix(const Uid& recording);
std::string segment_prefix(const SegmentId& segment);
std::string discard_key(const ExtentRow& row);
std::string discard_prefix(const SegmentId& segment);
std::string claim_key(const KeyClaim& claim);
std::string claim_prefix(const Uid& recording);
std::string destroyed_prefix(const Uid& recording);
std::string destroyed_key(const Uid& recording, SegmentKind kind);
std::optional<SegmentKind> parse_kind(char value);
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

// What leads to a record, as terms of the indexes.
std::vector<std::string> number_terms(const CallRecord& call);  // sorted, each once

// The rows that due() finds a record by, while all of its parts are there.
ExpiryRows expiry_rows(const CallRecord& call);
using ExpiryKey = std::array<char, kCallKeyBytes + 1>;
ExpiryKey expiry_key(std::int64_t expires_us, const Uid& uid, RecordingParts parts);

// From then on the manifest names no table that is gone by now, nor its keys.
// Any thread, one at a time.
Result<void> renew_manifest(CallStore::Impl& store);
// Column families that a renewal left when the program ended within it: to be opened with the
// others, after them, and dropped.
Result<std::vector<std::string>> list_fillers(const std::string& directory);
rocksdb::Status drop_fillers(CallStore::Impl& store);

// Writes `batch`, synced; under put_mutex.
Result<void> write_synced_locked(CallStore::Impl& store, rocksdb::WriteBatch& batch);

std::string big_endian(std::uint64_t value);

Error undecodable_call(std::string_view call_key);

struct CallStore::Impl {
  std::string directory;
  std::shared_ptr<rocksdb::Statistics> statistics;
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> columns;  // by Column
  rocksdb::ColumnFamilyHandle* filler = nullptr;      // renew_manifest()'s own
  std::mutex put_mutex;                               // one batch at a time reads before it writes
  std::int64_t max_total_us = 0;                      // of ended calls; under put_mutex
  RecentCalls recent;                                 // under put_mutex
  std::uint64_t events_max = 0;
  std::function<void(CallRecord& call)> overlay;
  std::function<RecordingParts(const Uid& uid)> erased;
  EventBounds events;  // under put_mutex

  ~Impl();

  void apply_overlay(CallRecord& call) const {
    if (overlay) overlay(call);
  }

  [[nodiscard]] RecordingParts erased_parts(const Uid& uid) const {
    return erased ? erased(uid) : RecordingParts{0};
  }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* column(Column which) const {
    return columns[static_cast<std::size_t>(which)];
  }
};

}  // namespace tapdeck::storage
