// What of a call's media is kept: as policy, pauses and the room there is let it.
#include <algorithm>
#include <array>
#include <utility>

#include "pipelines/calls/call.h"
#include "pipelines/calls/record_builder.h"
#include "pipelines/calls/recordings.h"
#include "pipelines/calls/unbound_media.h"
#include "pipelines/signalling/pressed_keys.h"

namespace tapdeck::calls {
namespace {

// What is known of the parties may be another thing afterwards.
bool may_change_policy(const MessageFacts& facts) {
  if (!facts.is_request) {
    const bool names = facts.method == sip::Method::kInvite || facts.method == sip::Method::kUpdate;
    return names && facts.status > 100 && facts.status < 300;
  }
  switch (facts.method) {
    case sip::Method::kInvite:
    case sip::Method::kUpdate:
    case sip::Method::kRefer:
    case sip::Method::kNotify: return true;
    default: return false;
  }
}

// What had been kept of a stretch that was paused late.
std::optional<std::int64_t> to_be_cut(bool late) {
  return late ? std::optional(INT64_MIN) : std::nullopt;
}

Allowance allowance_of(const LiveCall& live) {
  Allowance allowed;
  if (live.pause) allowed.paused_since_ns = live.pause->since_ns;
  if (live.policy == nullptr) return allowed;
  const PolicyState& policy = *live.policy;
  allowed.media = policy.allowed();
  allowed.log = policy.log();
  allowed.more = !policy.withheld;
  const bool discards = policy.limits.early_media == config::DiscardKeep::kDiscard;
  if (!discards && !live.kept.early_goes()) return allowed;
  // Whoever goes on with a call reads first that it was answered, and when a little later.
  const bool established = live.established || live.restored_terms != nullptr;
  allowed.from_ns = established ? live.times.answered_ns.value_or(kFromStart) : kNotYet;
  return allowed;
}

}  // namespace

void Call::ask_policy(const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  CallPolicy* const policy = context_.policy;
  if (policy == nullptr || !policy->active() || live_.ended) return;
  note_policy_claims(message, live_);
  note_reached(message, live_);
  if (live_.policy == nullptr || may_change_policy(facts)) policy->ask(live_);
}

// Whatever was decided: a stricter decision holds at once, for what was kept as well.
void Call::keep_no_more_than_allowed(std::int64_t time_ns) {
  if (muted_) return;
  const PolicyState* const policy = live_.policy.get();
  if (policy != nullptr && (policy->actions != nullptr || policy->limits.mask_dtmf)) {
    const bool tell = policy->actions != nullptr && !policy->actions->pause.dtmf_pause.empty();
    live_.media.use_dtmf({policy->limits.mask_dtmf, tell});
  }
  const KeepingOrders due = take_due(allowance_of(live_), time_ns, live_.kept);
  if (due.destroy_recording) context_.sink.shred_recording(live_.uid);
  if (due.destroy_messages) context_.sink.shred_messages(live_.uid);
  for (const MediaCut& cut : due.cuts) {
    context_.sink.shred_media(live_.uid, cut.span, cut.cause);
  }
  if (due.bind_again) live_.media.tell_all();
  for (const BindOrder& order : due.binds) carry_out(order);
  if (due.is_now_forbidden && context_.unbound != nullptr) context_.unbound->note_forbidden(*this);
  // After a crash nothing but its record says that the call is not what it was.
  const bool may_be_news = policy != nullptr && answer_told_ && !live_.ended;
  if (may_be_news && live_.decision() != decision_told_) put_record(false);
}

void Call::carry_out(const BindOrder& order) {
  if (!live_.released) tell(order.operation, order.time_ns);
  const bool is_late = live_.times.answered_ns && *live_.times.answered_ns < order.time_ns;
  if (order.operation != BindOperation::kUnmute || !is_late || live_.policy == nullptr) return;
  live_.policy->heard_since_ns = order.time_ns;
}

std::uint16_t Call::retention_class() const { return retention_class_of(live_, context_.options); }

config::LogDetail Call::log_detail() const {
  return live_.policy == nullptr ? config::LogDetail::kFull : live_.policy->log();
}

// The answer decides: by then media is due, and the calls that nobody answered are gone.  Until
// then media is kept, unless the disk is behind.
void Call::decide_keeping(std::int64_t time_ns) {
  if (keeping_decided_ || muted_ || !live_.media.ever_bound()) return;
  if (live_.kept.muted) return;  // there is nothing to decide
  if (!live_.established) {
    const bool admitted = context_.recordings.admits_early_media(live_.priority);
    if (live_.keeping == Keeping::kUndecided && !admitted) keep(Keeping::kRefused, time_ns);
    return;
  }
  const bool has_media = live_.keeping == Keeping::kUndecided && !live_.streams.empty();
  keeping_decided_ = true;
  if (live_.resumed_from_ns) return;  // it was recorded before
  const bool admitted = context_.recordings.admits(live_.priority, live_.streams.size());
  if (admitted) return keep(Keeping::kKept, time_ns);
  keep(has_media ? Keeping::kCut : Keeping::kRefused, time_ns);
}

void Call::keep(Keeping keeping, std::int64_t time_ns) {
  const Keeping before = std::exchange(live_.keeping, keeping);
  if (before == keeping || (before == Keeping::kUndecided && keeping == Keeping::kKept)) return;
  const std::array operations = {BindOperation::kRestore,
                                 BindOperation::kRestore,
                                 BindOperation::kRefuse,
                                 BindOperation::kCut};
  tell(operations[static_cast<std::size_t>(keeping)], time_ns);
}

void Call::cut() { keep(Keeping::kCut, live_.last_packet_ns()); }

void Call::restore() { keep(Keeping::kKept, live_.last_packet_ns()); }

bool Call::pause(const RecordingPause& pause, bool late) {
  if (live_.pause || live_.ended) return false;
  live_.pause = pause;
  live_.kept.note_paused({{pause.since_ns, INT64_MAX}, late, to_be_cut(late)});
  if (muted_) return true;
  keep_no_more_than_allowed(pause.since_ns);
  context_.sink.tell_pause({live_.uid, PauseChange::kPaused, pause.cause, pause.since_ns});
  if (answer_told_) put_record(false);  // a restart must know of it
  return true;
}

bool Call::destroy_paused(const Interval& paused) {
  if (muted_ || final_told_ || paused.to_ns <= live_.times.first_seen_ns) return false;
  if (live_.times.ended_ns && paused.from_ns >= *live_.times.ended_ns) return false;
  const auto is_known = [&paused](const PausedStretch& known) {
    return known.time.from_ns == paused.from_ns;
  };
  if (std::ranges::any_of(live_.kept.paused, is_known)) return false;
  live_.kept.note_paused({paused, true, to_be_cut(true)});
  keep_no_more_than_allowed(paused.to_ns);
  context_.sink.tell_pause({live_.uid, PauseChange::kPaused, PauseCause::kPolicy, paused.from_ns});
  context_.sink.tell_pause({live_.uid, PauseChange::kResumed, PauseCause::kPolicy, paused.to_ns});
  if (answer_told_ && !live_.ended) put_record(false);
  return true;
}

// As an earlier process told already, and put down; whether it cut what was there is not known.  It
// may have been over already, and more kept: only what somebody ordered to go does.
void Call::go_on_paused(const RecordingInfo& recording) {
  if (!recording.paused_since_us) return;
  const PauseTerms terms = recording.pause.value_or(PauseTerms{});
  live_.pause = RecordingPause{.since_ns = *recording.paused_since_us * 1000,
                               .cause = terms.cause,
                               .limit_ns = terms.limit_ms * 1'000'000};
  live_.kept.note_paused({{live_.pause->since_ns, INT64_MAX}, terms.late, to_be_cut(terms.late)});
}

// What the store has, or where nobody looked, what there may be.
void Call::note_stored(const std::vector<StreamReport>& kept_media) {
  Kept& kept = live_.kept;
  if (kept_media.empty() && kept.bound == config::RecordChoice::kAudioVideo) {
    kept.note_stored(MediaKind::kVideo);
  }
  std::int64_t first_ns = kNotYet;
  for (const StreamReport& report : kept_media) {
    kept.note_stored(report.media_kind);
    if (report.statistics.packet_count == 0) continue;
    first_ns = std::min(first_ns, report.statistics.first_ns);
  }
  if (first_ns != kNotYet) kept.from_ns = std::max(kept.from_ns, first_ns);
}

// Of a pause of which nobody knows any more who ordered it: the longer one.
std::int64_t Call::pause_limit_ns() const {
  if (live_.pause->limit_ns > 0) return live_.pause->limit_ns;
  const std::int64_t limit_ns = context_.options.pause_limit_ns;
  const PolicyState* const policy = live_.policy.get();
  if (policy == nullptr || policy->actions == nullptr || !policy->actions->pause.any()) {
    return limit_ns;
  }
  return std::max(limit_ns, std::int64_t{policy->actions->pause.limit_s} * 1'000'000'000);
}

bool Call::resume_recording(std::int64_t time_ns, PauseCause cause) {
  if (!live_.pause || live_.ended) return false;
  end_pause(PauseChange::kResumed, cause, time_ns);
  return true;
}

bool Call::restrict_by(const JoinedRule& rule, std::int64_t time_ns) {
  if (live_.policy == nullptr || live_.ended || rule.record >= live_.policy->allowed()) {
    return false;
  }
  live_.policy->joined = rule;
  keep_no_more_than_allowed(time_ns);
  tell_bindings(time_ns);
  return true;
}

std::optional<PauseTrigger> Call::hear_keys(const StreamReport& report) {
  if (live_.policy == nullptr || live_.policy->actions == nullptr || live_.ended) return {};
  return live_.policy->keys.hear(report, live_.policy->actions->pause, live_.pause.has_value());
}

std::optional<PauseTrigger> Call::hear_keys(const MessageFacts& facts) {
  if (live_.policy == nullptr || live_.policy->actions == nullptr || live_.ended) return {};
  const config::PauseTriggers& triggers = live_.policy->actions->pause;
  if (triggers.dtmf_pause.empty() || facts.message == nullptr) return {};
  const sip::PressedKeys keys = sip::read_pressed_keys(*facts.message);
  const KeyedInfo info{facts.from_tag, facts.cseq, keys.text(), facts.message->has_credentials()};
  return live_.policy->keys.hear(info, triggers, live_.pause.has_value());
}

void Call::end_pause(PauseChange change, PauseCause cause, std::int64_t time_ns) {
  live_.pause.reset();
  const auto last = std::ranges::find_if(live_.kept.paused, &PausedStretch::lasts);
  if (last != live_.kept.paused.end()) last->time.to_ns = time_ns;
  if (muted_) return;
  keep_no_more_than_allowed(time_ns);
  context_.sink.tell_pause({live_.uid, change, cause, time_ns});
  if (answer_told_) put_record(false);
}

}  // namespace tapdeck::calls
