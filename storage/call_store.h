// The light half of a store: call records, their indexes and the extents index, in RocksDB.  Only
// storage/call_store*.cc know RocksDB; its statuses become Errors there.
//
// Threads: every method from any thread; readers work on snapshots and never wait for put().
// Memory: block cache and memtables are bounded by CallStoreOptions; find() holds one page.
// Durable: what put() and put_meta() acknowledged survives kill -9 and power loss.
// Full: a full disk is kIo; nothing of the batch is kept.  Keys: docs/formats/call_store.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "model/call_query.h"
#include "model/event.h"
#include "storage/recording_rows.h"
#include "storage/store_access.h"

namespace tapdeck::storage {

struct CallStoreOptions {
  bool create_if_missing = true;
  std::uint64_t block_cache_bytes = 64ULL << 20;
  std::uint64_t memtable_bytes = 64ULL << 20;  // of all column families together
  std::uint64_t events_max = 10'000'000;       // more: the oldest go
  // What is known of calls beside their records (annotations, holds): applied to each record before
  // it is compared with a query or given out.  Any thread; cheap where there is nothing.
  std::function<void(CallRecord& call)> overlay{};
  // What was erased of a call before its final record comes: that is not due any more.  As overlay.
  std::function<RecordingParts(const Uid& uid)> erased{};
};

// Returning false stops the walk (not an error).
using ExtentRowSink = std::function<bool(const ExtentRow& row)>;

constexpr std::size_t kRowsPerBatch = 4'096;  // that put() is given where there are many

class CallStore {
 public:
  // `directory` is made when missing and options say so; its parent must exist.  kBusy: open
  // elsewhere; kNotFound: missing; kCorrupt: RocksDB refuses its files.
  static Result<std::unique_ptr<CallStore>> open(const std::string& directory,
                                                 const CallStoreOptions& options);
  ~CallStore();
  CallStore(const CallStore&) = delete;
  CallStore& operator=(const CallStore&) = delete;

  // Commits all of it, with every index, in one synced batch.  A record whose version is above the
  // stored one becomes the newest, and the stored one is kept as an older version; an equal version
  // replaces; a lower one is filed among the older ones.  Rows replace rows of the same recording,
  // kind and segment.
  Result<void> put(std::span<const CallRecord> calls, std::span<const ExtentRow> rows);

  // Removes these rows and claims, which need not be there, and keeps what discards_in() and
  // destroyed_at() tell.  Synced, at once.
  Result<void> discard(const Discard& discard);

  // Discards, and of these parts forgets what due() knew and marks the newest record; with kPartCdr
  // all of a call goes, with its indexes.  Each call once; those that are not there are none the
  // worse.  Synced, at once; nothing else is put meanwhile.
  Result<void> retire(Retirement retirement);

  // In place of all versions that there are of these calls, with all that led to those; a call that
  // is not there is left out.  Synced, at once.
  Result<void> replace(std::span<const CallRecord> calls);

  // Copies that retire() with kPartCdr and replace() left of these calls in files: rewrites those
  // that may have some.  May take as long as the indexes are large; others read and put meanwhile.
  // kBusy: a reader holds on to them for longer than a minute.
  Result<void> purge(std::span<const Uid> calls);
  // The same of whatever calls went before.
  Result<void> purge_everywhere();

  Result<void> claim_keys(std::span<const KeyClaim> claims);  // synced
  [[nodiscard]] Result<std::vector<KeyClaim>> claims_of(const Uid& recording) const;

  [[nodiscard]] Result<CallRecord> get(const Uid& uid) const;         // newest version; kNotFound
  [[nodiscard]] Result<CallRecord> get_stored(const Uid& uid) const;  // the same without overlay
  // RetentionStore::get_terms().
  [[nodiscard]] Result<std::vector<CallRecord>> get_terms(std::span<const Uid> uids) const;
  [[nodiscard]] Result<std::vector<CallRecord>> versions(const Uid& uid) const;  // oldest first

  // Oldest first by (key time, uid).  The cursor names the last row of a page, so that a later page
  // neither repeats nor skips a row whatever is put in between.  kInvalidArgument: bad cursor.
  [[nodiscard]] Result<CallPage> find(const CallQuery& query) const;

  // Commits events; one that is there already (an import read again) is replaced.  At the same time
  // some of those go whose time is over at `now_us` (UTC), or for which there is no room any more,
  // the oldest first: at least two for each that comes.  Not synced: they survive kill -9; what the
  // last batches before a power cut held is lost unless a call was put since.
  Result<void> put_events(std::span<const EventRecord> events, std::int64_t now_us);

  // Oldest first by (time, uid); cursors as of find().
  [[nodiscard]] Result<EventPage> find_events(const EventQuery& query) const;

  // RetentionStore::due().
  [[nodiscard]] Result<std::vector<DueParts>> due(std::int64_t until_us,
                                                  std::size_t most,
                                                  const std::optional<DueParts>& after) const;

  // Calls whose newest version is kInProgress, oldest first.
  [[nodiscard]] Result<std::vector<CallRecord>> open_calls() const;

  [[nodiscard]] Result<std::vector<ExtentRow>> rows_of(const Uid& recording) const;
  [[nodiscard]] Result<void> for_each_row(const ExtentRowSink& sink) const;  // by recording
  [[nodiscard]] Result<void> for_each_row(const SegmentId& segment,
                                          const ExtentRowSink& sink) const;

  [[nodiscard]] Result<bool> has_rows(const SegmentId& segment) const;

  // Up to where recordings were discarded in a segment; those that never were are left out.
  [[nodiscard]] Result<std::map<Uid, std::uint64_t>> discards_in(const SegmentId& segment) const;

  [[nodiscard]] Result<std::vector<SegmentId>> segments_with_discards() const;
  Result<void> forget_discards(std::span<const SegmentId> segments);  // that are gone

  // When that part of a recording was destroyed; nullopt: never.
  [[nodiscard]] Result<std::optional<std::int64_t>> destroyed_at(const Uid& recording,
                                                                 SegmentKind kind) const;

  // Small named values of the store's own; synced.  Names are ASCII, without '/' in front.
  Result<void> put_meta(std::string_view name, std::string_view value);
  [[nodiscard]] Result<std::optional<std::string>> get_meta(std::string_view name) const;

  // Compares every call with its index entries, both ways; empty: consistent.
  [[nodiscard]] Result<std::vector<StoreFault>> check() const;

  // A copy of all that was put, in `directory`, which must not exist: links to files that never
  // change, where they may be linked.
  Result<void> checkpoint(const std::string& directory);

  // Estimated keys and bytes on disk by column family, memory, and reads since open.
  [[nodiscard]] StoreStatistics statistics() const;

  struct Impl;  // for the sources of this class

 private:
  explicit CallStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tapdeck::storage
