// Expiry of many recordings at once in a real store on a real disk: makes ended calls with media
// and messages, holds some of them in a few segments, lets the time of all pass, and lets the
// retention desk do what `run` does by itself.  Looks afterwards whether what was held is there
// whole and nothing else is, in files, rows and what can be read; and makes and unlinks as many
// small files beside it.
//
// Threads: the caller's and RocksDB's.  Memory: the store's, and 32 bytes a held recording.
// Failing: a store on tmpfs is refused; what is wrong afterwards is told in `wrong`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/load/small_files.h"

namespace tapdeck::load {

struct RetentionLoadOptions {
  std::string directory;  // made when missing, removed at the end; must not hold a store
  std::uint64_t recordings = 1'000'000;
  double held_pct = 1;            // of them: all among those of the first quarter of the day
  std::uint32_t samples = 2'000;  // held ones and others that are read back, of each
  bool small_files = true;
};

struct RetentionLoadResult {
  std::uint64_t recordings = 0;
  std::uint64_t held = 0;
  double make_seconds = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t segment_bytes = 0;  // of files, before
  std::uint64_t segments = 0;       // before
  std::uint64_t segments_free = 0;  // of those: without a held recording
  double hold_seconds = 0;

  double expire_seconds = 0;
  double expire_cpu_seconds = 0;  // of all threads, RocksDB's included
  double due_seconds = 0;         // of expire_seconds: the index of what is due
  double retire_seconds = 0;      // keys and rows
  double retire_most_ms = 0;      // of one batch: others that put records wait for it
  double reclaim_seconds = 0;     // segments
  std::uint64_t expired = 0;
  std::uint64_t still_held = 0;
  std::uint64_t segments_removed = 0;  // as the desk says
  std::uint64_t unlinks = 0;           // as the kernel was asked
  std::uint64_t bytes_removed = 0;
  std::uint64_t bytes_punched = 0;
  std::uint64_t journal_syncs = 0;
  std::uint64_t key_syncs = 0;
  std::uint64_t keys_destroyed = 0;
  std::uint64_t row_syncs = 0;  // of RocksDB's log

  std::uint64_t log_bytes_before = 0;  // of the files of RocksDB
  std::uint64_t log_bytes_after = 0;
  std::uint64_t log_bytes_settled = 0;  // once the store was opened anew and has compacted
  double settle_seconds = 0;
  double again_seconds = 0;  // apply() when nothing is left to do but what is held

  std::uint64_t held_read = 0;  // and found whole
  std::uint64_t gone_looked_for = 0;
  SmallFiles files;
  std::vector<std::string> wrong;

  [[nodiscard]] double recordings_per_second() const {
    return static_cast<double>(expired) / expire_seconds;
  }
};

Result<RetentionLoadResult> run_retention_load(const RetentionLoadOptions& options);

// What is to be said of a run that did not do what it should; exposed for its test.
std::vector<std::string> what_expiry_did_wrong(const RetentionLoadResult& result);

}  // namespace tapdeck::load
