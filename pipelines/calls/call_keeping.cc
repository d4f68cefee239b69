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

MediaSpan span_of(const PausedStretch& paused) {
  const Interval& time = paused.time;
  return {.from_us = time.from_ns / 1000, .to_us = paused.lasts() ? INT64_MAX : time.to_ns / 1000};
}

}  // namespace

void Call::ask_policy(const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  CallPolicy* const policy = context_.policy;
  if (policy == nullptr || !policy->active() || live_.ended) return;
  if (facts.claims != nullptr && facts.is_invite_request()) {
    note_policy_headers(*facts.claims, live_);
  }
  note_reached(message, live_);
  if (live_.policy == nullptr || may_change_policy(facts)) policy->ask(live_);
}

// Whether anything has been written is not known here: media that waited for its addresses is
// handed on as soon as they are bound, and reported later.
void Call::destroy_forbidden() {
  if (muted_ || live_.policy == nullptr) return;
  PolicyState& policy = *live_.policy;
  if (policy.records() || !policy.kept_any || policy.destroyed) return;
  policy.destroyed = true;
  context_.sink.shred_recording(live_.uid);
}

// As for media; what is not told yet is not told any more either.
void Call::destroy_messages() {
  if (live_.policy->log() == config::LogDetail::kFull || !messages_told_) return;
  messages_told_ = false;
  context_.sink.shred_messages(live_.uid);
}

// Early media was kept when a decision comes that discards it, with the answer for instance: what
// was written goes, and what waits for its SDP is to be cut.
void Call::settle_early_media() {
  PolicyState& policy = *live_.policy;
  const bool discards = policy.limits.early_media == config::DiscardKeep::kDiscard;
  if (!policy.records() || policy.early_settled) return;
  if (!live_.established || !live_.times.answered_ns) {
    if (discards && policy.kept_any && !std::exchange(policy.early_cut, true)) {
      context_.sink.shred_media(live_.uid, {});
    }
    return;
  }
  if (!discards && !policy.early_cut) return;
  policy.early_settled = true;
  const std::int64_t answered_ns = *live_.times.answered_ns;
  if (policy.kept_any) context_.sink.shred_media(live_.uid, {.to_us = answered_ns / 1000});
  if (policy.muted) return;  // it is to be heard from now on
  tell(BindOperation::kMute, answered_ns);
  tell(BindOperation::kUnmute, answered_ns);
}

// A stricter decision holds at once.
void Call::obey_policy(std::int64_t time_ns) {
  PolicyState& policy = *live_.policy;
  if (muted_) return;
  destroy_forbidden();
  destroy_messages();
  settle_early_media();
  if (policy.wants_mute(live_.established) != policy.muted) {
    policy.muted = !policy.muted;
    tell(policy.muted ? BindOperation::kMute : BindOperation::kUnmute, time_ns);
    if (!policy.records() && context_.unbound != nullptr) context_.unbound->note_forbidden(*this);
    const bool late =
        !policy.muted && live_.times.answered_ns && *live_.times.answered_ns < time_ns;
    if (late) policy.heard_since_ns = time_ns;
    if (!policy.muted && live_.media.ever_bound()) policy.kept_any = true;
  }
  if (policy.actions != nullptr) {
    live_.media.use_dtmf({policy.limits.mask_dtmf, !policy.actions->pause.dtmf_pause.empty()});
  }
  const bool video = policy.wants(MediaKind::kVideo);
  if (policy.records() && video != policy.video) {
    policy.video = video;
    live_.media.tell_all();
    const std::int64_t until_us = video ? time_ns / 1000 : INT64_MAX;
    if (policy.kept_video) {
      context_.sink.shred_media(live_.uid, {.to_us = until_us, .video_only = true});
    }
  }
  // After a crash nothing but its record says that the call is not what it was.
  if (std::exchange(policy.tightened, false) && answer_told_) put_record(false);
}

std::uint16_t Call::retention_class() const { return retention_class_of(live_, context_.options); }

config::LogDetail Call::log_detail() const {
  return live_.policy == nullptr ? config::LogDetail::kFull : live_.policy->log();
}

// The answer decides: by then media is due, and the calls that nobody answered are gone.  Until
// then media is kept, unless the disk is behind.
void Call::decide_keeping(std::int64_t time_ns) {
  if (keeping_decided_ || muted_ || !live_.media.ever_bound()) return;
  if (live_.policy != nullptr && live_.policy->muted) return;  // there is nothing to decide
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
  live_.note_paused({{pause.since_ns, INT64_MAX}, late});
  if (muted_) return true;
  tell(BindOperation::kPause, pause.since_ns);
  if (late) context_.sink.shred_media(live_.uid, span_of(live_.paused.back()));
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
  if (std::ranges::any_of(live_.paused, is_known)) return false;
  live_.note_paused({paused, true});
  context_.sink.shred_media(live_.uid, span_of({paused, true}));
  context_.sink.tell_pause({live_.uid, PauseChange::kPaused, PauseCause::kPolicy, paused.from_ns});
  context_.sink.tell_pause({live_.uid, PauseChange::kResumed, PauseCause::kPolicy, paused.to_ns});
  if (answer_told_ && !live_.ended) put_record(false);
  return true;
}

// As an earlier process told already, and put down.
void Call::go_on_paused(std::int64_t since_ns) {
  live_.pause = RecordingPause{.since_ns = since_ns};
  live_.note_paused({{since_ns, INT64_MAX}, false});
  if (!muted_) tell(BindOperation::kPause, since_ns);
}

// Of a pause of which nobody knows any more who ordered it: the longer one.
std::int64_t Call::pause_limit_ns() const {
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
  live_.policy->tightened = true;
  obey_policy(time_ns);
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
  const auto last = std::ranges::find_if(live_.paused, &PausedStretch::lasts);
  if (last != live_.paused.end()) last->time.to_ns = time_ns;
  if (muted_) return;
  tell(BindOperation::kResume, time_ns);
  if (last != live_.paused.end() && last->late) {
    context_.sink.shred_media(live_.uid, span_of(*last));
  }
  context_.sink.tell_pause({live_.uid, change, cause, time_ns});
  if (answer_told_) put_record(false);
}

}  // namespace tapdeck::calls
