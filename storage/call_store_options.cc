// How RocksDB is set up for call records: why each option is set stands beside it, what it gains in
// docs/BUDGETS.md.  What is not named is as RocksDB has it.
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "base/log.h"
#include "storage/call_store_internal.h"

namespace tapdeck::storage {
namespace {

// The term of an index key with the zero behind it, which no term contains.
class TermPrefix final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "tapdeck.term"; }

  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), term_bytes(key)};
  }

  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override {
    return term_bytes(key) != 0;
  }

 private:
  static std::size_t term_bytes(const rocksdb::Slice& key) {
    return key.ToStringView().find('\0') + 1;  // 0: none
  }
};

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
    const std::string_view said(text.data());
    // Its own checkpoint keeps files twice over, and warns of itself each time.
    if (said.find("] File Deletions ") != std::string_view::npos) return;
    log_warning("RocksDB: " + std::string(said));
  }
};

rocksdb::BlockBasedTableOptions table_options(const CallStore::Impl& store) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = store.cache;
  // Several calls a block: two versions of one compress to little more than one, and an index of
  // blocks is a quarter of its size.
  table.block_size = 16U << 10;
  // Indexes and filters count in the cache's bound, and are read in pieces of a few KiB: a search
  // in a cold store reads what it needs of them and not a file's whole filter.
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.pin_top_level_index_and_filter = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  return table;
}

// Terms come in no order: levels would rewrite them more often than runs of growing size do.  The
// filter tells which runs have a term, so that many runs cost a search little.
void set_term_index(rocksdb::ColumnFamilyOptions& column, rocksdb::BlockBasedTableOptions& table) {
  column.compaction_style = rocksdb::kCompactionStyleUniversal;
  column.prefix_extractor = std::make_shared<TermPrefix>();
  table.whole_key_filtering = false;
}

// Expiry removes all that a file has, and nothing is put into it later that would make RocksDB look
// at it again: files of which half are marks of removal are compacted downwards until nothing is
// left of either.
void compact_what_expired(rocksdb::ColumnFamilyOptions& column) {
  constexpr std::size_t kEntries = 16'384;
  column.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(kEntries, kEntries / 2, 0.5));
}

}  // namespace

rocksdb::DBOptions database_options(const CallStore::Impl& store, const CallStoreOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = options.create_if_missing;
  database.create_missing_column_families = true;
  database.statistics = store.statistics;
  database.db_write_buffer_size = options.memtable_bytes;
  database.max_total_wal_size = 4 * options.memtable_bytes;
  database.max_open_files = 512;
  // Each column's files are opened at the start by so many threads, which are made even where there
  // are none: with the 16 that are usual they were a fifth of what a command costs.
  database.max_file_opening_threads = 2;
  database.max_background_jobs = 2;
  // One thread puts; a hashed memtable (see below) allows no more.
  database.allow_concurrent_memtable_write = false;
  // New files go to disk as they are written: a sync of the log has less to wait behind.
  database.bytes_per_sync = 1U << 20;
  database.info_log = std::make_shared<WarningLog>();
  database.max_manifest_file_size = kManifestBytes;
  return database;
}

// Memtables stay small enough for the processor's cache: in larger ones each comparison of an
// insertion waits for memory, which costs more than fewer compactions gain.
rocksdb::ColumnFamilyOptions column_options(const CallStore::Impl& store, Column which) {
  rocksdb::BlockBasedTableOptions table = table_options(store);
  rocksdb::ColumnFamilyOptions column;
  column.compression = best_compression();
  column.write_buffer_size = 16U << 20;
  // A batch comes in order of its keys: each insertion begins where the last one ended.
  column.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(0));
  // Open calls come into `meta` and go at once, and events have a bound of their own.
  if (which != Column::kMeta && which != Column::kEvents && which != Column::kEventTerms) {
    compact_what_expired(column);
  }
  switch (which) {
    case Column::kCalls:
      // Most of all bytes.  Keys are times, so files hardly overlap: the one that may have a key
      // does, and a filter would only cost.
      column.write_buffer_size = 32U << 20;
      table.filter_policy = nullptr;
      break;
    case Column::kByNumber:
    case Column::kByConversation:
    case Column::kEventTerms: set_term_index(column, table); break;
    case Column::kEvents: table.filter_policy = nullptr; break;  // as calls
    case Column::kByCallId:
      set_term_index(column, table);
      // Never walked over but for one Call-ID, so it need not be sorted until it is flushed.  (A
      // number's prefix can be searched for: that wants order.)
      column.memtable_insert_with_hint_prefix_extractor = nullptr;
      column.memtable_factory.reset(rocksdb::NewHashLinkListRepFactory());
      break;
    case Column::kExtents:
      // A recording's or a segment's rows: whether there are any is asked for each that ends.
      column.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kExtentPrefixBytes));
      table.whole_key_filtering = false;
      break;
    default: break;
  }
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return column;
}

}  // namespace tapdeck::storage
