// A RecordIntake that asks the journal first.  Calls that a matter is waiting for are held before
// their records are stored; what a policy destroys is written down before it goes.
// Threads: as RecordIntake.  Memory: the orders that the disk refuses.  Failing: what cannot be
// written in the journal is not done, as an error of put_calls() or shred(): it is asked for again.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "pipelines/retention/future_holds.h"
#include "storage/journal.h"
#include "storage/record_intake.h"

namespace tapdeck::apps {

class HoldingIntake final : public storage::RecordIntake {
 public:
  // All must outlive it.
  HoldingIntake(storage::RecordIntake& intake,
                retention::FutureHolds& holds,
                storage::Journal& journal)
      : intake_(intake), holds_(holds), journal_(journal) {}

  HoldingIntake(std::unique_ptr<storage::RecordIntake> intake,
                retention::FutureHolds& holds,
                storage::Journal& journal)
      : owned_(std::move(intake)), intake_(*owned_), holds_(holds), journal_(journal) {}

  storage::SegmentWriter& writer() override { return intake_.writer(); }

  Result<void> put_calls(std::span<const CallRecord> calls) override;

  Result<void> put_events(std::span<const EventRecord> events) override {
    return intake_.put_events(events);
  }

  Result<void> put_pending_rows() override { return intake_.put_pending_rows(); }

  Result<storage::Presence> presence_of(const Uid& uid) override {
    return intake_.presence_of(uid);
  }

  Result<void> shred(const Uid& recording, storage::ShredParts parts) override;

  // No hold overrides a pause or a policy.  The store journals it itself: it knows what there is.
  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override;

 private:
  // By what an order and its like have in common: the later one takes the earlier one's place.
  using Order = std::tuple<Uid, LedgerType, std::int64_t, bool>;

  Result<void> note(const Order& order, Result<void> done);

  std::unique_ptr<storage::RecordIntake> owned_;  // empty: somebody else's
  storage::RecordIntake& intake_;
  retention::FutureHolds& holds_;
  storage::Journal& journal_;
  std::set<Order> refused_;  // to be asked again
};

}  // namespace tapdeck::apps
