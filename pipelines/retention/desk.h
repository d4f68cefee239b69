// The life of recordings: holds, expiry, extension, erasure, annotation, each written in the
// journal before it is acknowledged.  What the service does by itself (apply()) and what people ask
// for go through one desk, one at a time: a hold is never acknowledged for what is going at that
// moment.
//
// Threads: any.  Memory: a selection of calls at a time, 32 bytes a call; records in batches.
// Errors: kInvalidArgument for requests that make no sense, with a sentence that says why; kIo as
// the store has it, and then the same may be asked again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipelines/retention/clock_guard.h"
#include "pipelines/retention/early_walk.h"
#include "pipelines/retention/future_holds.h"
#include "pipelines/retention/pseudonym.h"
#include "pipelines/retention/requests.h"
#include "storage/store.h"

namespace tapdeck::retention {

// Of one confirmed erasure, which is as much as one certificate names.
constexpr std::size_t kErasedAtOnceMax = 50'000;

// Terms of a class as the configuration has them.
struct ClassTerms {
  std::string basis;
  bool locked = false;
  std::int64_t max_us = 0;  // from the start of the call; 0: any
};

struct DeskOptions {
  std::vector<EarlyExpiry> early{};  // the first goes first; locked classes are left out
  // Others count as locked: who opens a store without its configuration unlocks nothing.
  std::map<std::string, ClassTerms> classes;
  std::function<ClockReadings()> clocks;  // for tests; empty: the host's
  std::optional<std::string> boot_id;     // likewise
};

class RetentionDesk {
 public:
  using ReaderMaker = std::function<std::unique_ptr<storage::StoreAccess>()>;

  // The store outlives it.
  RetentionDesk(storage::RetentionStore& store, ReaderMaker readers, DeskOptions options);

  RetentionDesk(storage::Store& store, DeskOptions options)
      : RetentionDesk(
            store, [&store] { return store.reader(); }, std::move(options)) {}

  // kNotFound: uids that are no calls; or nothing that the filters find, without `future`.
  Result<HoldAnswer> hold(const HoldRequest& request, const LedgerActor& actor);
  Result<ReleaseAnswer> release(const ReleaseRequest& request, const LedgerActor& actor);
  Result<std::vector<HoldRow>> holds();

  // To be asked of every record before it is stored.
  FutureHolds& future_holds() { return future_; }

  Result<PlanAnswer> plan(const PlanRequest& request);
  // Everything that is due now; kBusy while the clock is doubted (clock_guard.h), or after the call
  // store was rebuilt until somebody confirms what was found.
  Result<ApplyAnswer> apply();
  // A part of it: at most kRetiredAtOnceMax recordings.  True: there is more.
  Result<bool> step(ApplyAnswer& done);
  // Before its time, because the disk fills up: the next of what DeskOptions::early lists, as many
  // recordings of one entry as take `bytes`, the soonest due first; none that is held, locked or
  // was lengthened.  False: no more may go now; asked again, it begins anew.
  Result<bool> relieve(std::uint64_t bytes, Relief& done);

  [[nodiscard]] bool may_relieve() const { return !options_.early.empty(); }

  // The wall clock is right as it is now.
  Result<void> confirm_clock(const LedgerActor& actor);
  // What `store rebuild` found is what there should be.  False: nothing was to be confirmed.
  Result<bool> confirm_rebuild(const LedgerActor& actor);

  Result<ExtendAnswer> extend(const ExtendRequest& request, const LedgerActor& actor);
  Result<EraseAnswer> erase(const EraseRequest& request, const LedgerActor& actor);
  // What an earlier erasure or extension began and did not end is done again; when a store is
  // opened, also one that was restored beside a newer journal.  Whatever destroys asks for it first
  // by itself.
  Result<void> resume();

  Result<void> annotate(const AnnotateRequest& request, const LedgerActor& actor);
  Result<JournalAnswer> journal(const JournalRequest& request);

  // With which certificates are signed.
  Result<storage::PublicKey> public_key();

  // Nothing is held, lengthened or destroyed meanwhile; recording goes on.
  Result<BackupAnswer> backup(const BackupRequest& request, const LedgerActor& actor);

  // An access, before anything is given out.  Under the store's key where there is no such call.
  Result<void> note_access(const std::optional<Uid>& uid, const Access& access);

  // Sequence number of its entry.
  Result<std::uint64_t> note_export(const ExportRequest& request, const LedgerActor& actor);

  // An entry that goes with its call (goes_with_call()).
  Result<void> note(const Uid& uid, LedgerContent content);

 private:
  struct Due;          // one batch of what goes
  struct EraseTarget;  // a call of an erasure
  struct Report;       // of what an erasure would do

  [[nodiscard]] ClockReadings read() const;

  [[nodiscard]] std::int64_t now_us() const { return read().wall_us; }

  [[nodiscard]] std::unique_ptr<storage::StoreAccess> reader() const { return readers_(); }

  storage::Journal& log() { return store_.journal(); }

  [[nodiscard]] const ClassTerms* terms_of(const std::string& class_name) const;
  [[nodiscard]] bool is_locked(const RecordingTerms& recording) const;
  [[nodiscard]] std::int64_t latest_us(const CallRecord& call) const;  // of an extension

  // When the call store was rebuilt; nullopt: it was not, or that is confirmed.
  Result<std::optional<std::string>> rebuilt();
  Result<void> check_rebuilt();
  Result<void> begin_clock();
  Result<void> look_at_clock();
  Result<void> check_clock();
  Result<void> keep_clock(const ClockReadings& now);
  Result<std::uint64_t> commit_all(std::span<const storage::LedgerEntry> entries);

  Result<void> collect(const HoldRequest& request, HoldAnswer& answer, std::vector<Uid>& found);
  Result<void> commit_uids(Hold hold, std::span<const Uid> uids, std::uint64_t& sequence);
  Result<std::vector<Uid>> to_release(const ReleaseRequest& request);

  Result<bool> step_from(std::optional<storage::DueParts>& after, ApplyAnswer& done);
  Result<void> take_due(std::span<const storage::DueParts> rows, Due& due);
  Result<void> keep_records(Due& due);
  Result<RecordingParts> also_due(const CallRecord& call,
                                  RecordingParts going,
                                  std::int64_t now_us);
  Result<void> retire_due(const Due& due, ApplyAnswer& done);
  Result<void> reclaim_into(ApplyAnswer& done);
  Result<void> note_records_gone(std::int64_t now_us);
  Result<void> note_records_masked();
  Result<void> purge_records(std::int64_t now_us);
  Result<PlanAnswer> plan_early(const PlanRequest& request);
  Result<void> retire_early(const Due& due, Relief& done);
  Result<void> finish_early();
  Result<void> add_plan_row(storage::StoreAccess& calls,
                            const storage::DueParts& row,
                            PlanAnswer& answer);

  Result<bool> has_details(const Uid& uid);
  Result<void> finish();
  void note_left(const Uid& uid, const Error& error);
  Result<void> mark_finished();
  Result<void> mark_now_and_then();
  Result<void> move_again(std::span<const Uid> calls);
  Result<void> erase_again(const std::map<Uid, RecordingParts>& erased);
  Result<void> erase_now(std::span<const EraseTarget> targets);
  Result<void> rewrite_without(std::span<const EraseTarget> targets);
  Result<void> journal_erasure(std::span<const EraseTarget> targets,
                               const EraseRequest& request,
                               const LedgerActor& actor);
  Result<void> put_choices(std::span<const EraseTarget> targets);
  Result<std::map<Uid, PartyChoice>> get_choices();
  Result<void> report_calls(const EraseRequest& request, Report& report);
  Result<void> report_joined(Report& report);
  Result<void> report_exports(Report& report);
  Result<std::string> certify(const Report& report,
                              const EraseRequest& request,
                              const LedgerActor& actor,
                              const storage::SigningKey& key);

  storage::RetentionStore& store_;
  const ReaderMaker readers_;
  const DeskOptions options_;
  const std::string boot_id_;
  FutureHolds future_;
  std::mutex mutex_;                         // over what follows, and over what is decided
  std::optional<ClockGuard> clock_;          // empty until the store was asked
  std::optional<std::int64_t> kept_us_;      // boot time at which the clock was last persisted
  std::optional<storage::DueParts> cursor_;  // of step(): held parts stay behind it
  EarlyWalk early_;                          // of relieve(): what is behind it may not go
  bool unfinished_ = true;                   // something journalled may not have been done
  std::uint64_t marked_ = 0;                 // entry up to which all is known to be done
  bool redactions_left_ = false;             // some could not be carried out
  bool reclaim_due_ = true;                  // something may have gone since reclaim()
  bool purge_known_ = false;                 // the store was asked for what follows
  std::optional<std::int64_t> purge_us_;     // when files are to be rewritten
  bool erasures_only_ = false;               // no extension is among what is unfinished
};

}  // namespace tapdeck::retention
