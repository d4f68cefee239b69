#include "apps/import_session.h"

#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "apps/holding_intake.h"
#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

constexpr std::size_t kQueueCapacity = 256;   // finals that may wait for the disk
constexpr std::uint32_t kImportWaitUs = 200;  // for the disk

// The capture comes first: Linux keeps a niceness for each thread.
void step_back() {
  if (::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kImportNiceness) != 0) {
    log_warning("an import cannot lower its priority; it runs beside the capture as an equal");
  }
}

}  // namespace

Result<std::unique_ptr<control::ImportSink>> ImportSession::open(
    storage::Store& store,
    retention::RetentionDesk& desk,
    const std::vector<std::string>& classes,
    const std::string& retention_class) {
  const auto found = std::ranges::find(classes, retention_class);
  if (found == classes.end()) {
    return make_error(ErrorCode::kInvalidArgument,
                      "The service has no retention class \"" + retention_class + "\".");
  }
  auto intake = store.open_import();
  if (!intake) return Error(intake.error());
  step_back();
  auto holding =
      std::make_unique<HoldingIntake>(std::move(*intake), desk.future_holds(), store.journal());
  return std::unique_ptr<control::ImportSink>(new ImportSession(
      std::move(holding), desk, static_cast<std::uint16_t>(found - classes.begin())));
}

ImportSession::ImportSession(std::unique_ptr<storage::RecordIntake> intake,
                             retention::RetentionDesk& desk,
                             std::uint16_t class_index)
    : intake_(std::move(intake)),
      pause_notes_(desk),
      class_index_(class_index),
      queues_(kQueueCapacity),
      writer_(intake_->writer(), {}, queues_, figures_),
      keeper_(*intake_, queues_, figures_) {}

std::uint32_t ImportSession::step() {
  const std::int64_t now_ns = monotonic_now_ns();
  return writer_.step(now_ns) + keeper_.step(now_ns);
}

// A client must not write into a recording that is not its own.
Result<void> ImportSession::check_asked(const Uid& uid) const {
  if (asked_.contains(uid)) return {};
  return make_error(ErrorCode::kInvalidArgument,
                    "The import names a call that it has not asked for: " + to_string(uid) + ".");
}

Result<storage::Presence> ImportSession::presence_of(const Uid& uid) {
  auto presence = intake_->presence_of(uid);
  if (presence && *presence == storage::Presence::kAbsent) asked_.insert(uid);
  return presence;
}

Result<void> ImportSession::add_chunk(Chunk& chunk) {
  TD_TRY(check_asked(chunk.recording));
  chunk.retention_class = class_index_;
  storage::AppendVerdict verdict = intake_->writer().try_append(chunk);
  while (verdict == storage::AppendVerdict::kBusy) {
    if (step() == 0) ::usleep(kImportWaitUs);
    verdict = intake_->writer().try_append(chunk);
  }
  figures_.note(verdict, chunk);
  step();
  return {};
}

Result<void> ImportSession::add_messages(const Uid& recording, std::string records) {
  TD_TRY(check_asked(recording));
  return hand_over(KeepMessages{recording, class_index_, std::move(records)});
}

Result<void> ImportSession::add_call(CallRecord call) {
  TD_TRY(check_asked(call.uid));
  return hand_over(std::move(call));
}

Result<void> ImportSession::shred(const Uid& recording, storage::ShredParts parts) {
  TD_TRY(check_asked(recording));
  return hand_over(ShredRecording{recording, parts});
}

Result<void> ImportSession::shred_media(const Uid& recording,
                                        const MediaSpan& span,
                                        CutCause cause) {
  TD_TRY(check_asked(recording));
  return hand_over(ShredMedia{recording, span, cause});
}

// At once: there are few, and the client waits for nothing but the end.
Result<void> ImportSession::note_pause(const PauseTold& told) {
  TD_TRY(check_asked(told.uid));
  pause_notes_.add(told);
  return pause_notes_.flush();
}

Result<void> ImportSession::add_event(EventRecord event) {
  while (!queues_.events.try_push(event)) {
    if (is_refused()) return keeper_.refusal(writer_.count_left());
    step();
  }
  return {};
}

bool ImportSession::is_refused() const { return keeper_.has_given_up(monotonic_now_ns()); }

// Until it is done with: what comes next must not overtake it.
Result<void> ImportSession::hand_over(RecordCommand command) {
  while (!queues_.to_writer.try_push(command)) {
    if (is_refused()) return keeper_.refusal(writer_.count_left());
    step();
  }
  while (!writer_.is_idle()) {
    if (is_refused()) return keeper_.refusal(writer_.count_left());
    if (step() != 0 || writer_.is_idle()) continue;
    // Short calls: waiting for the flush interval at each queueful would take for ever.
    if (writer_.is_full_of_finals()) flush();
    if (step() == 0) ::usleep(kImportWaitUs);
  }
  return {};
}

// What the disk refused once is told at the end.
void ImportSession::flush() {
  Result<void> flushed = writer_.flush();
  if (!flushed && flushed_) flushed_ = flushed;
}

Result<void> ImportSession::finish() {
  // Where the disk refused media, the calls' records are committed all the same, and say so.
  flush();
  while (writer_.has_finals() && !is_refused()) {
    if (step() == 0) ::usleep(kImportWaitUs);
  }
  if (is_refused() || !keeper_.flush_patiently()) return keeper_.refusal(writer_.count_left());
  return flushed_;
}

}  // namespace tapdeck::apps
