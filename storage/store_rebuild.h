// Makes the call store of a store anew, out of its segments, keys and journal, when `calls/` is
// lost or damaged.  The old one is set aside, never removed.  Nothing is destroyed meanwhile, and
// nothing expires afterwards until somebody confirms that what was found is what there should be
// (kRebuiltValue, storage/retention_store.h).  Cut short anywhere, it is begun again: segments,
// keys and journal are as they were; a store whose rebuilding has not ended is not opened for
// anything else.
//
// What cannot be had again: events, older versions of records, tallies, and the records of calls
// whose messages have been erased or have expired: of those that something is left of or that the
// journal names, a record says when they were and no more (storage/rebuilt_record.h).
//
// Threads: the caller's, from beginning to end.  Memory: about 150 bytes a recording, a segment's
// entries.  Failing: kBusy: another process owns the store; kAlreadyExists: where the old call
// store is to go, something is; kIo of the disk: to be done again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "storage/call_store.h"
#include "storage/open_index.h"
#include "storage/rebuilt_record.h"
#include "storage/segment_survey.h"
#include "storage/store_opening.h"

namespace tapdeck::storage {

struct RebuildFigures {
  std::uint64_t segments = 0;             // read
  std::uint64_t segments_unsealed = 0;    // of those: searched block by block
  std::uint64_t segments_unreadable = 0;  // left alone
  std::uint64_t bytes_dropped = 0;        // of torn extents
  std::uint64_t recordings = 0;           // in segments, whether they open or not
  std::uint64_t recordings_gone = 0;      // of those: nothing of them opens any more
  std::uint64_t extents = 0;              // that open, as indexed
  std::uint64_t records = 0;              // found beside messages, one a call
  std::uint64_t records_damaged = 0;      // likewise, but they make no sense
  std::uint64_t records_made = 0;         // of nothing but extents and the journal
  std::uint64_t expired = 0;              // records that the journal says are over
  std::uint64_t keys_claimed = 0;         // that no extent needs, but the journal may
  std::uint64_t journal_entries = 0;
  std::uint64_t held = 0;  // recordings, as the journal has it, and so below
  std::uint64_t erased = 0;
  std::uint64_t lengthened = 0;
  std::uint64_t annotated = 0;
  std::string set_aside{};  // where the old call store is or would be; empty: there is none
};

struct RebuildOptions {
  StoreOptions store;
  ClassTimes classes;  // for records that are made
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};  // bytes of segments
};

class StoreRebuild {
 public:
  // Takes the store's lock for as long as it lives.
  static Result<std::unique_ptr<StoreRebuild>> open(RebuildOptions options);

  // What run() would find; changes nothing.  One of the two, once.
  Result<RebuildFigures> look();
  Result<RebuildFigures> run(std::int64_t now_us);

 private:
  enum class Way : std::uint8_t { kLook, kMake };

  struct Gone {  // what the journal says of a recording
    Uid uid{};
    std::uint64_t sequence = 0;  // of the entry
    std::int64_t time_us = 0;
    RecordingParts parts = 0;
    RecordingLifecycle lifecycle = RecordingLifecycle::kExpired;
    std::string retention_class{};  // of what has expired
  };

  using TakeGone = std::function<Result<void>(const Gone&)>;

  explicit StoreRebuild(RebuildOptions options) : options_(std::move(options)) {}

  Result<void> start();
  Result<void> set_aside(std::int64_t now_us);
  Result<void> make_call_store(std::int64_t now_us);
  Result<void> read_segments(Way way);
  Result<void> leave_alone(const std::string& path, SegmentSurvey::Finding finding, Way way);
  void note_seen(const SurveyedSegment& segment, const std::vector<FooterEntry>& readable);
  Result<void> take_records(const SurveyedSegment& segment,
                            const std::vector<FooterEntry>& readable,
                            Way way);
  Result<void> put_rows(const SurveyedSegment& segment, const std::vector<FooterEntry>& readable);
  static Result<void> seal(const SurveyedSegment& segment);
  Result<void> make_records();
  Result<void> make_record(const Uid& uid, const SeenRecording& seen);
  Result<void> put_some(std::vector<CallRecord>& calls);
  void count_journal();
  Result<void> follow_journal();  // store_rebuild_journal.cc, as those below
  Result<void> count_gone();
  Result<void> for_each_gone(const TakeGone& take);
  Result<bool> follow(const LedgerRecord& record, const TakeGone& take);
  Result<void> note_gone(const Gone& gone);
  Result<void> take_gone();
  Result<RecordingParts> gone_parts(const Gone& gone) const;
  Result<bool> find_or_make(const Gone& gone, RecordingParts parts);
  Result<void> lengthen();
  Result<void> mark_done();
  Result<void> claim_keys();

  [[nodiscard]] std::string directory() const { return options_.store.directory; }

  RebuildOptions options_;
  RebuildFigures figures_;
  Descriptor lock_;
  OpenedKeys opened_;
  std::unique_ptr<SegmentSurvey> survey_;
  std::unique_ptr<CallStore> calls_;
  OpenIndex index_;  // where segments are
  std::unordered_map<Uid, SeenRecording, UidHash> seen_;
  std::vector<CallRecord> group_;      // to be put
  std::map<Uid, Gone> gone_;           // to be retired, all with the same lifecycle
  std::uint64_t undone_ = UINT64_MAX;  // the first erasure that was not carried out
};

}  // namespace tapdeck::storage
