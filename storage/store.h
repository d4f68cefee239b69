// A store directory: segments/, calls/ (RocksDB), keys/, FORMAT; opened by one owner at a time.
// open() takes the lock, checks FORMAT, opens keys and RocksDB, and recovers unsealed segments
// (docs/ARCHITECTURE.md, durability).
//
// Threads: those of RecordIntake; StoreAccess methods by any number of query threads, each through
// its own reader() object. Memory: see SegmentWriter and RocksDB's block cache (StoreOptions).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "storage/record_intake.h"
#include "storage/retention_store.h"
#include "storage/store_access.h"

namespace tapdeck::storage {

enum class StoreMode : std::uint8_t { kOpenExisting, kCreateIfMissing };

struct StoreOptions {
  std::string directory;
  StoreMode mode = StoreMode::kCreateIfMissing;
  std::string
      master_key_file;  // empty: DIRECTORY/keys/master.key, made with mode 0600 when missing
  std::uint64_t segment_bytes = 1ULL << 30;
  std::uint64_t preallocate_bytes = 64ULL << 20;
  std::uint32_t staging_bytes = 1U << 20;  // per buffer
  std::uint32_t staging_buffers = 16;      // in all; bounds the writes in flight
  std::uint32_t open_segments_max = 64;
  std::uint32_t flush_interval_ms =
      1'000;  // partial staging buffers are written and synced after this
  std::uint64_t checkpoint_bytes = 64ULL << 20;   // an open segment is scanned from its last
  std::uint32_t checkpoint_interval_ms = 10'000;  // checkpoint: so much and so old at most
  std::uint64_t block_cache_bytes = 64ULL << 20;
  std::uint64_t events_max = 10'000'000;
  std::vector<std::string> retention_classes = {
      "default"};  // names by index; directory names under segments/
};

class Store : public RecordIntake, public RetentionStore {
 public:
  static Result<std::unique_ptr<Store>> open(
      StoreOptions options);  // kBusy: another process owns it

  // A second way in, with open segments, staging buffers and threads of its own: what it does never
  // waits for the store's own writer, nor that for it.  Destroying it ends the recordings that it
  // has not ended, seals its segments and commits their rows; on the thread that used its writer.
  // One at a time; must not outlive the store.  kBusy: there is one already.
  virtual Result<std::unique_ptr<RecordIntake>> open_import() = 0;

  // The newest stored version under exactly this uid; kNotFound.
  virtual Result<CallRecord> get_call(const Uid& uid) = 0;

  // Calls that were in progress when the store was last closed or crashed, oldest first.
  virtual Result<std::vector<CallRecord>> open_calls() = 0;

  // A reader of this store for one query thread.  Must not outlive the store.
  virtual std::unique_ptr<StoreAccess> reader() = 0;
};

}  // namespace tapdeck::storage
