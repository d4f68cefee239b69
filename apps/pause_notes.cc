#include "apps/pause_notes.h"

#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

LedgerContent content_of(const PauseTold& told) {
  LedgerActor actor;
  actor.name = "call plane";
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

void PauseNotes::add(const PauseTold& told) {
  const std::lock_guard lock(mutex_);
  if (notes_.size() < kNotesMax) return notes_.push_back(told);
  if (lost_.value() == 0) log_error("pauses are no longer written in the journal: too many wait");
  lost_.add();
}

Result<void> PauseNotes::flush() {
  const std::lock_guard one(flushing_);
  while (true) {
    PauseTold next;
    {
      const std::lock_guard lock(mutex_);
      if (notes_.empty()) return {};
      next = notes_.front();
    }
    TD_TRY(desk_.note(next.uid, content_of(next)));
    const std::lock_guard lock(mutex_);
    notes_.erase(notes_.begin());
  }
}

}  // namespace tapdeck::apps
