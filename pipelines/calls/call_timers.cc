// What a call does when its time comes.
#include <algorithm>

#include "pipelines/calls/call.h"
#include "pipelines/calls/transfer_rules.h"

namespace tapdeck::calls {
namespace {

constexpr std::int64_t kRingingFactor = 4;
// Media may stop without a word of SDP and come back, and a BYE tells better than silence when a
// call ended: by this times the timeout.
constexpr std::int64_t kSilenceFactor = 5;

// How long whoever was refused so may take to call again: with credentials, or with more digits
// (RFC 3578).
std::int64_t return_ns(const std::optional<std::uint16_t>& status) {
  if (status == 401 || status == 407) return kChallengeNs;
  return status == 484 ? kDigitsNs : 0;
}

// How long the last refresh of a session timer holds, and its repetitions after it (RFC 4028).
std::int64_t session_ns(const LiveCall& live) {
  return std::int64_t{live.session_expires_s.value_or(0)} * 1'000'000'000 + kTransactionNs;
}

}  // namespace

CallEnd Call::silent_end(EndReason reason) const {
  constexpr std::int64_t kUnderWayNs = 1'000'000'000;
  const auto& doubted = live_.doubted_end;
  if (doubted && live_.streams.last_ns() <= doubted->time_ns + kUnderWayNs) return *doubted;
  return {reason, HangupBy::kNone, live_.last_packet_ns()};
}

// Media came under the addresses that SDP names now: only then its silence means anything.  When
// it moves to where the tap may not see it, what is on its way still comes.
bool Call::hears_media() const {
  constexpr std::int64_t kMovingNs = 5'000'000'000;
  return !live_.streams.empty() && live_.streams.last_ns() > media_moved_ns_ + kMovingNs;
}

void Call::run_open_timers(std::int64_t timer_now_ns) {
  if (open_deadline_ns() > timer_now_ns) return;
  if (restart_deadline_ns_ <= timer_now_ns) {
    restart_deadline_ns_ = kNever;
    if (live_.media.on_hold()) return;
    live_.interrupted = true;
    stop({EndReason::kCrash, HangupBy::kNone, live_.last_packet_ns()}, timer_now_ns);
  } else if (!live_.established) {
    stop_without_answer(EndReason::kFailure, timer_now_ns);
  } else {
    // On hold it is no lack of media that ends it.
    const EndReason reason = !hears_media() || live_.media.on_hold() ? EndReason::kSessionExpired
                                                                     : EndReason::kMediaTimeout;
    if (reason == EndReason::kMediaTimeout && !live_.unbound && !is_silent_) {
      is_silent_ = true;
      if (open_deadline_ns() > timer_now_ns) return;
    }
    stop(silent_end(reason), timer_now_ns);
  }
}

void Call::run_timers(std::int64_t timer_now_ns) {
  if (live_.pause && live_.pause->deadline_ns <= timer_now_ns && !live_.ended) {
    // Reports of packets come late: what they tell of may be long before the limit.
    const std::int64_t limit_ns = live_.pause->since_ns + pause_limit_ns();
    end_pause(
        PauseChange::kEndedByLimit, PauseCause::kLimit, std::max(limit_ns, live_.last_packet_ns()));
  }
  if (!log_.empty() && last_flush_ns_ + context_.options.message_flush_ns <= timer_now_ns) {
    flush_messages(timer_now_ns);
  }
  if (!live_.ended) {
    run_open_timers(timer_now_ns);
    return;
  }
  if (!live_.released) {
    if (release_ns() <= timer_now_ns) tell_release(timer_now_ns);
    return;
  }
  if (released_workers_ < context_.options.worker_count &&
      release_told_ns_ + kReleaseAnswerNs <= timer_now_ns) {
    give_up_silent_workers();
  }
  try_final(timer_now_ns);
}

bool Call::closed_by_transaction() const {
  return live_.end_reason == EndReason::kBye || live_.end_reason == EndReason::kFailure ||
         live_.end_reason == EndReason::kCancel;
}

std::int64_t Call::release_ns() const {
  if (hurried_) return INT64_MIN;
  if (is_taken_) return kNever;
  const bool failed = live_.end_reason == EndReason::kFailure;
  const std::int64_t late_ns = context_.options.late_media_ns;
  return ended_ns_ + std::max(failed ? return_ns(live_.status_code) : 0, late_ns);
}

std::int64_t Call::final_ns() const {
  if (hurried_) return INT64_MIN;
  // Without its answer, the request that closed the call is sent again for so long.
  const bool answered =
      !closed_by_transaction() || (live_.closing_answered && !live_.cancel_unanswered);
  const std::int64_t final_ns =
      answered ? release_ns() : std::max(release_ns(), ended_ns_ + kTransactionNs);
  return awaits_transfer(live_) ? std::max(final_ns, ended_ns_ + kTransferNs) : final_ns;
}

std::int64_t Call::open_deadline_ns() const {
  const CallPlaneOptions& options = context_.options;
  if (restart_deadline_ns_ != kNever) return restart_deadline_ns_;
  if (!live_.established) {
    if (live_.cancel_seen) return last_signal_ns_ + kTransactionNs;
    // Who rings may go on, and each 18x lets him (timer C of RFC 3261 section 16.6).
    const std::int64_t ringing_ns =
        std::min(kRingingFactor * options.setup_timeout_ns, options.dialog_idle_ns);
    const bool rings = live_.times.progress_ns.has_value();
    // Announcements and queues may play for longer than anybody would ring.
    return std::max(last_signal_ns_ + (rings ? ringing_ns : options.setup_timeout_ns),
                    last_media_ns_ + options.media_timeout_ns);
  }
  if (live_.unbound) return last_media_ns_ + options.media_timeout_ns;
  const bool hears = hears_media();
  if (live_.session_expires_s && (live_.media.on_hold() || !hears)) {
    return std::max(last_signal_ns_ + session_ns(live_), last_media_ns_ + options.media_timeout_ns);
  }
  const bool waits = hears && !live_.media.on_hold() && !live_.media.agreed_silence();
  const std::int64_t since_ns = std::max(last_signal_ns_, last_media_ns_);
  if (!waits) return since_ns + options.dialog_idle_ns;
  if (!is_silent_) return since_ns + options.media_timeout_ns;
  const std::int64_t silence_ns =
      std::min(kSilenceFactor * options.media_timeout_ns, options.dialog_idle_ns);
  return since_ns + std::max(options.media_timeout_ns, silence_ns);
}

std::int64_t Call::next_deadline_ns() const {
  if (final_told_) return kNever;
  std::int64_t deadline = kNever;
  if (!log_.empty()) deadline = last_flush_ns_ + context_.options.message_flush_ns;
  if (!live_.ended) {
    if (live_.pause) deadline = std::min(deadline, live_.pause->deadline_ns);
    return std::min(deadline, open_deadline_ns());
  }
  if (!live_.released) return std::min(deadline, release_ns());
  if (released_workers_ < context_.options.worker_count) {
    return std::min(deadline, release_told_ns_ + kReleaseAnswerNs);
  }
  return std::min(deadline, final_ns());
}

}  // namespace tapdeck::calls
