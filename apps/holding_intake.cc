#include "apps/holding_intake.h"

#include "base/clock.h"

namespace tapdeck::apps {
namespace {

RecordingParts journal_parts(storage::ShredParts parts) {
  RecordingParts sum = 0;
  if (storage::has_part(parts, storage::SegmentKind::kMedia)) sum |= kPartMedia;
  if (storage::has_part(parts, storage::SegmentKind::kSip)) sum |= kPartSip;
  return sum;
}

}  // namespace

Result<void> HoldingIntake::put_calls(std::span<const CallRecord> calls) {
  const auto matched = holds_.match(calls);  // keeps its lock until they are stored
  if (!matched.entries.empty()) {
    const auto held = journal_.commit(matched.entries);
    if (!held) return Error(held.error());
  }
  return intake_.put_calls(calls);
}

// An order that is tried again is written down once.  The desk must not take the entry for done
// before it is (RetentionDesk::mark_finished()).
Result<void> HoldingIntake::shred(const Uid& recording, storage::ShredParts parts) {
  const auto until_done = holds_.stop_intake();
  const RecordingParts wanted = journal_parts(parts);
  const bool known = journal_.look([&](const storage::LedgerState& state) {
    return (state.erased_parts(recording) & wanted) == wanted;
  });
  if (!known) {
    Erasure erasure;
    erasure.actor.name = "policy";
    erasure.reason = "policy";
    erasure.parts = wanted;
    const auto written = journal_.commit(
        {.uid = recording, .time_us = wall_now_ns() / kNsPerUs, .content = std::move(erasure)});
    if (!written) return Error(written.error());
  }
  const Order order{recording, LedgerType::kErasure, static_cast<std::int64_t>(parts), false};
  return note(order, intake_.shred(recording, parts));
}

Result<void> HoldingIntake::shred_media(const Uid& recording,
                                        const MediaSpan& span,
                                        CutCause cause) {
  const auto until_done = holds_.stop_intake();
  const Order order{recording, LedgerType::kRedaction, span.from_us, span.video_only};
  return note(order, intake_.shred_media(recording, span, cause));
}

// Under the lock of the holds.
Result<void> HoldingIntake::note(const Order& order, Result<void> done) {
  const bool changed = done ? refused_.erase(order) > 0 : refused_.insert(order).second;
  if (changed) holds_.add_refused(std::get<LedgerType>(order), done ? -1 : 1);
  return done;
}

}  // namespace tapdeck::apps
