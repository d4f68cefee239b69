#include "apps/pause_notes.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

LedgerContent content_of(const PauseTold& told, LedgerActor actor) {
  if (told.change == PauseChange::kPaused) {
    return Pause{.actor = std::move(actor),
                 .cause = told.cause,
                 .from_us = told.time_ns / kNsPerUs,
                 .limit_us = std::nullopt};
  }
  return Resume{
      .actor = std::move(actor), .cause = told.cause, .until_us = told.time_ns / kNsPerUs};
}

}  // namespace

void PauseNotes::expect(const PauseOrder& order, const LedgerActor& actor) {
  const std::lock_guard lock(mutex_);
  if (orders_.size() >= kOrdersMax) orders_.pop_front();
  orders_.push_back({order.time_ns, order.resume, actor});
}

// Under mutex_.  A header or keys of the call itself, or a limit, are nobody's order.
LedgerActor PauseNotes::actor_of(const PauseTold& told) const {
  const bool resume = told.change != PauseChange::kPaused;
  const auto found = std::find_if(orders_.rbegin(), orders_.rend(), [&](const Ordered& order) {
    return told.cause == PauseCause::kCommand && order.time_ns == told.time_ns &&
           order.resume == resume;
  });
  if (found != orders_.rend()) return found->actor;
  LedgerActor actor;
  actor.name = "call plane";
  return actor;
}

void PauseNotes::add(const PauseTold& told) {
  const std::lock_guard lock(mutex_);
  if (notes_.size() < kNotesMax) return notes_.push_back({told, actor_of(told)});
  if (lost_.value() == 0) log_error("pauses are no longer written in the journal: too many wait");
  lost_.add();
}

Result<void> PauseNotes::flush() {
  const std::lock_guard one(flushing_);
  while (true) {
    Note next;
    {
      const std::lock_guard lock(mutex_);
      if (notes_.empty()) return {};
      next = notes_.front();
    }
    TD_TRY(desk_.note(next.told.uid, content_of(next.told, std::move(next.actor))));
    const std::lock_guard lock(mutex_);
    notes_.erase(notes_.begin());
  }
}

}  // namespace tapdeck::apps
