#include "pipelines/calls/call.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipelines/calls/call_links.h"
#include "pipelines/calls/log_detail.h"
#include "pipelines/calls/record_builder.h"
#include "pipelines/calls/recordings.h"
#include "pipelines/calls/registrations.h"
#include "pipelines/calls/response_rules.h"
#include "pipelines/calls/signalling_rules.h"

namespace tapdeck::calls {
namespace {

void fill_bind(const MediaBinding& binding, BindMessage& message) {
  message.kind = binding.kind;
  message.receiver = binding.receiver;
  message.media_index = binding.media_index;
  message.no_rtp = binding.no_rtp;
  message.fax = binding.fax;
  message.learnt = binding.learnt;
  message.paired = binding.paired;
  message.address = binding.address;
  message.payload_clock_count = static_cast<std::uint8_t>(binding.clocks.size());
  std::copy(binding.clocks.begin(), binding.clocks.end(), message.payload_clocks.begin());
  message.dtmf_to = binding.dtmf.to;
  message.dtmf_from = binding.dtmf.from;
}

// What `record` knows and the kept messages did not tell.
void fill_gaps(const CallRecord& record, LiveCall& live) {
  const auto to_ns = [](const std::optional<std::int64_t>& us) -> std::optional<std::int64_t> {
    if (!us) return std::nullopt;
    return *us * 1000;
  };
  CallTimes& times = live.times;
  if (!times.start_ns) times.start_ns = to_ns(record.start_us);
  if (!times.progress_ns) times.progress_ns = to_ns(record.progress_us);
  if (!times.ringing_ns) times.ringing_ns = to_ns(record.ringing_us);
  if (!times.answered_ns && record.answered_us) {
    times.answered_ns = to_ns(record.answered_us);
    live.established = true;
    live.outcome = record.outcome;
    live.status_code = record.status_code;
    live.reason = record.reason;
    live.to_tag = record.to_tag;
  }
  if (live.dialogs.all().empty() && !record.to_tag.empty()) {
    if (Dialog* dialog = live.dialogs.add(record.from_tag, record.to_tag)) {
      dialog->confirmed = record.answered_us.has_value();
      dialog->party = record.callee.value_or(kFirstCalleeParty);
    }
  }
  if (live.dialled.empty()) {
    live.dialled = record.dialled;
    live.dialled_e164 = record.dialled_e164;
  }
  if (live.asserted.empty()) {
    live.asserted = record.asserted;
    live.asserted_e164 = record.asserted_e164;
  }
  if (live.diverted_from.empty()) {
    live.diverted_from = record.diverted_from;
    live.diverted_from_e164 = record.diverted_from_e164;
  }
  if (live.methods.empty()) live.methods.set(record.sip_methods);
  if (live.responses.empty()) live.responses.set(record.sip_responses);
}

}  // namespace

Call::Call(const CallContext& context, const Origin& origin, const SeenMessage& first)
    : context_(context), muted_(origin.muted) {
  open_call(live_, first);
  live_.handle = origin.handle;
  live_.uid = origin.uid;
  live_.priority = context.options.priority;
  live_.media.use_dtmf({.mask = context.options.mask_dtmf});
}

Call::Call(const CallContext& context, const Origin& origin, const CallRecord& record)
    : context_(context),
      muted_(origin.muted),
      decision_told_(record.recording.decision),
      version_(record.version) {
  live_.handle = origin.handle;
  live_.uid = record.uid;
  live_.priority = context.options.priority;
  live_.media.use_dtmf({.mask = context.options.mask_dtmf});
  live_.realm = record.realm;
  live_.call_id = record.call_id;
  live_.from_tag = record.from_tag;
  live_.vlan = record.vlan.value_or(0);
  const auto& ports = context.options.port_names;
  const auto port = std::find(ports.begin(), ports.end(), record.port);
  if (port != ports.end()) live_.port_index = static_cast<std::uint16_t>(port - ports.begin());
  live_.times.first_seen_ns = record.first_seen_us * 1000;
  live_.times.last_seen_ns = live_.times.first_seen_ns;
  live_.dialogs.add_caller_tag(record.from_tag);
  live_.parties.restore(record);
  restore_links(record, live_);
  if (record.call_id.empty()) restore_unbound();
  live_.restored_terms = std::make_unique<RecordingTerms>(record.recording);
  go_on_paused(record.recording);
  if (context.policy != nullptr) context.policy->restore(record, live_);
  // What the earlier process ordered to be destroyed may not have got that far.
  live_.kept.note_stored(MediaKind::kAudio);
  keep_no_more_than_allowed(live_.times.first_seen_ns);
  const auto& trunks = context.options.numbering.trunks;
  const auto trunk = std::find_if(trunks.begin(), trunks.end(), [&](const config::Trunk& each) {
    return each.name == record.trunk;
  });
  live_.route = numbers::CallRoute::of_record(
      record.direction,
      trunk == trunks.end() ? numbers::kNoTrunk
                            : static_cast<std::uint16_t>(trunk - trunks.begin()));
}

bool Call::owns(const MessageFacts& facts) const {
  return live_.invites.has_attempt(facts) || live_.dialogs.has_dialog(facts.from_tag, facts.to_tag);
}

void Call::take_message(const SeenMessage& message, std::int64_t timer_now_ns) {
  if (log_.empty()) last_flush_ns_ = timer_now_ns;
  if (!muted_) {
    const bool mask = live_.media.dtmf_use().mask || live_.pause.has_value();
    log_.add(message.signal, mask && message.facts.may_tell_dtmf());
  }
  last_signal_ns_ = timer_now_ns;
  is_silent_ = false;
  restart_deadline_ns_ = kNever;
  apply_message(live_, message, context_.seed);
  ask_policy(message);
  settle(message.time_ns(), timer_now_ns);
}

void Call::replay(const SeenMessage& message) {
  const bool by_policy = context_.policy != nullptr && context_.policy->active();
  if (by_policy) note_policy_claims(message, live_);
  live_.kept.messages = true;
  apply_message(live_, message, context_.seed);
  tell_bindings(message.time_ns());
}

void Call::resume(const CallRecord& record,
                  const std::vector<StreamReport>& kept_media,
                  std::int64_t timer_now_ns) {
  live_.streams.carry(record.media, kept_media);
  const bool has_invite = live_.times.start_ns.has_value();
  fill_gaps(record, live_);
  live_.resumed_from_ns = live_.last_packet_ns();
  answer_told_ = live_.times.answered_ns.has_value() || live_.unbound;
  live_.keeping = Keeping::kKept;  // it was being recorded before
  last_signal_ns_ = last_media_ns_ = timer_now_ns;
  restart_deadline_ns_ = timer_now_ns + context_.options.restart_timeout_ns;
  if (context_.policy != nullptr) context_.policy->ask_again(live_, has_invite);
  if (live_.pause) live_.pause->deadline_ns = timer_now_ns + pause_limit_ns();
  live_.kept.messages = live_.kept.messages || !record.masked;
  note_stored(kept_media);
  settle(live_.last_packet_ns(), timer_now_ns);
}

void Call::take_report(const StreamReport& report, std::int64_t timer_now_ns) {
  if (report.kind == StreamReportKind::kReleased) {
    if (!live_.released) return;
    ++released_workers_;
    try_final(timer_now_ns);
    return;
  }
  if (report.kind == StreamReportKind::kSecured) return live_.media.secure(report);
  if (live_.streams.take(report)) {
    last_media_ns_ = timer_now_ns;
    is_silent_ = false;
    restart_deadline_ns_ = kNever;
  }
  if (live_.unbound && !live_.ended) settle(live_.streams.last_ns(), timer_now_ns);
  if (report.sender == kNoParty) learn_address(report);
}

void Call::learn_address(const StreamReport& report) {
  if (report.kind != StreamReportKind::kActivity || report.receiver == kNoParty || live_.ended) {
    return;
  }
  const std::uint8_t sender =
      report.receiver == kCallerParty ? live_.parties.callee() : kCallerParty;
  if (live_.media.learn(report, sender)) tell_bindings(report.statistics.first_ns);
}

void Call::settle(std::int64_t time_ns, std::int64_t timer_now_ns) {
  if (live_.ended && !end_told_) {
    tell_end(timer_now_ns);
    return;
  }
  if (!live_.ended) {
    end_told_ = false;  // the caller tries again after a refusal
    if (live_.policy != nullptr) keep_no_more_than_allowed(time_ns);
    tell_bindings(time_ns);
    decide_keeping(time_ns);
  }
  const bool has_begun =
      live_.unbound ? !live_.streams.empty() : live_.times.answered_ns.has_value();
  if (has_begun && !answer_told_) {
    answer_told_ = true;
    flush_messages(timer_now_ns);
    put_record(false);
  }
}

void Call::tell_bindings(std::int64_t time_ns) {
  if (live_.released) return;
  for (const BindingChange& change : live_.media.take_changes(time_ns)) {
    if (change.operation == BindOperation::kUnbind) media_moved_ns_ = time_ns;
    if (muted_ && !is_claimed_silently()) continue;
    tell(change.operation, time_ns, &change.binding);
    const bool may_be_kept = !muted_ && change.binding.kind != MediaKind::kFax;
    if (may_be_kept) live_.kept.note_bound(change.binding.kind);
  }
}

void Call::tell(BindOperation operation, std::int64_t time_ns, const MediaBinding* binding) {
  BindMessage message;
  message.operation = operation;
  if (binding != nullptr) fill_bind(*binding, message);
  message.mask_keys = live_.media.dtmf_use().mask;
  message.tell_keys = live_.media.dtmf_use().tell;
  message.keep = !muted_ && live_.kept.wants(message.kind);
  message.realm = live_.realm;
  message.retention_class = retention_class();
  message.call = live_.handle;
  message.recording = live_.uid;
  message.time_ns = time_ns;
  context_.sink.bind(message);
  if (operation == BindOperation::kBind) note_claim(message);
}

void Call::tell_end(std::int64_t timer_now_ns) {
  end_told_ = true;
  ended_ns_ = timer_now_ns;
  const std::int64_t time_ns = live_.times.ended_ns.value_or(live_.last_packet_ns());
  live_.media.close(time_ns);
  tell_bindings(time_ns);
  flush_messages(timer_now_ns);
}

void Call::tell_release(std::int64_t timer_now_ns) {
  if (live_.released) return;
  live_.released = true;
  release_told_ns_ = timer_now_ns;
  if ((muted_ && !is_claimed_silently()) || !live_.media.ever_bound()) {
    released_workers_ = context_.options.worker_count;  // no worker knows this call
  } else {
    tell(BindOperation::kRelease, live_.times.ended_ns.value_or(live_.last_packet_ns()));
  }
  try_final(timer_now_ns);
}

void Call::try_final(std::int64_t timer_now_ns) {
  if (final_told_ || !live_.released || released_workers_ < context_.options.worker_count) return;
  if (timer_now_ns < final_ns()) return;
  // What workers knew of its last packets came with their release.
  if (live_.end_reason == EndReason::kCaptureEnded && live_.times.ended_ns) {
    live_.times.ended_ns = std::max(*live_.times.ended_ns, live_.last_packet_ns());
  }
  flush_messages(timer_now_ns);
  put_record(true);
  final_told_ = true;
}

// What they know of the call's last seconds is missing in its record then.
void Call::give_up_silent_workers() {
  silent_workers_ = context_.options.worker_count - released_workers_;
  released_workers_ = context_.options.worker_count;
  live_.out_of_resources = true;
}

void Call::flush_messages(std::int64_t timer_now_ns) {
  last_flush_ns_ = timer_now_ns;
  if (log_.empty()) return;
  std::string messages = log_.take();
  if (log_detail() != config::LogDetail::kFull) return;
  live_.kept.messages = true;
  context_.sink.keep_messages(live_.uid, retention_class(), std::move(messages));
}

void Call::put_record(bool final) {
  if (muted_ || (live_.unbound && live_.streams.empty())) return;
  if (context_.registrations != nullptr && !context_.registrations->empty()) {
    live_.parties.find_devices(
        *context_.registrations, live_.realm, live_.times.first_seen_ns / 1000);
  }
  const config::LogDetail detail = log_detail();
  const bool told_before = version_ > 0;
  decision_told_ = live_.decision();
  if (detail == config::LogDetail::kNone && !told_before && !final) return;
  CallRecord record = build_record(live_, context_.options, context_.drops, {++version_, final});
  if (detail == config::LogDetail::kNone && !told_before) {
    reduce_to_tally(record);
  } else if (detail != config::LogDetail::kFull) {
    mask_record(record);
  }
  context_.sink.put_call(std::move(record));
}

void Call::stop(const CallEnd& end, std::int64_t timer_now_ns) {
  end_call(live_, end);
  settle(end.time_ns, timer_now_ns);
}

void Call::stop_without_answer(EndReason reason, std::int64_t timer_now_ns) {
  if (live_.cancel_seen) {
    live_.outcome = CallOutcome::kCancelled;
    stop({EndReason::kCancel, HangupBy::kCaller, live_.last_packet_ns()}, timer_now_ns);
    return;
  }
  if (const InviteTransaction* last = live_.invites.failure_beside_silence()) {
    live_.status_code = last->status;
    live_.reason = last->phrase;
    live_.outcome = outcome_of_failure(last->status);
    reason = EndReason::kFailure;
  } else if (reason == EndReason::kFailure && live_.provisional_seen) {
    live_.outcome = CallOutcome::kNoAnswer;
  }
  stop({reason, HangupBy::kNone, live_.last_packet_ns()}, timer_now_ns);
}

void Call::finish(std::int64_t timer_now_ns) {
  hurried_ = true;
  if (!live_.ended) {
    if (live_.established) {
      const auto reason = is_silent_ ? EndReason::kMediaTimeout : EndReason::kCaptureEnded;
      stop(silent_end(reason), timer_now_ns);
    } else {
      stop_without_answer(EndReason::kCaptureEnded, timer_now_ns);
    }
  }
  tell_release(timer_now_ns);
  try_final(timer_now_ns);
}

void Call::evict(std::int64_t timer_now_ns) {
  if (!is_silent_) live_.out_of_resources = true;
  finish(timer_now_ns);
  released_workers_ = context_.options.worker_count;
  try_final(timer_now_ns);
}

}  // namespace tapdeck::calls
