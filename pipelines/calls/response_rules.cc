#include "pipelines/calls/response_rules.h"

#include <algorithm>
#include <array>

#include "pipelines/calls/claims_rules.h"
#include "pipelines/calls/media_rules.h"
#include "pipelines/calls/signalling_rules.h"
#include "pipelines/calls/transfer_rules.h"

namespace tapdeck::calls {
namespace {

using sip::Method;

constexpr std::uint16_t kIsBeingForwarded = 181;
constexpr std::uint16_t kEarlyDialogEnded = 199;

bool is_challenge(std::uint16_t status) { return status == 401 || status == 407; }

// The dialog of a response to an INVITE; a new To tag is a new fork, unless it stands on another
// leg of a back-to-back user agent or answers with media that are known already.
Dialog* dialog_of(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (facts.to_tag.empty()) return nullptr;
  if (Dialog* known = state.dialogs.find(facts.from_tag, facts.to_tag)) return known;
  std::uint8_t party = state.parties.callee();
  if (state.dialogs.has_caller_tag_dialog(facts.from_tag)) {
    std::optional<std::uint8_t> same;
    for (const Dialog& other : state.dialogs.all()) {
      if (!same && facts.session && state.media.shares_address(other.party, *facts.session)) {
        same = other.party;
      }
    }
    party = same ? *same : state.parties.add_fork(message);
  }
  Dialog* dialog = state.dialogs.add(facts.from_tag, facts.to_tag);
  if (dialog == nullptr) return nullptr;
  dialog->party = party;
  dialog->branch = hash_of_branch(facts.branch);
  return dialog;
}

void note_response_reason(LiveCall& state, const MessageFacts& facts) {
  if (facts.q850_cause) state.q850_cause = facts.q850_cause;
}

// RFC 6228; also the refusal of one branch where several rang.
void end_early_dialog(LiveCall& state, const SeenMessage& message) {
  Dialog* dialog = state.dialogs.find(message.facts.from_tag, message.facts.to_tag);
  if (dialog == nullptr || dialog->confirmed) return;
  dialog->over = true;
  state.parties.leave_fork(dialog->party, message.time_ns());
}

void apply_provisional(LiveCall& state, const SeenMessage& message, bool initial) {
  const MessageFacts& facts = message.facts;
  state.provisional_seen = true;
  state.invites.on_provisional(facts);
  if (facts.status == 100 || !initial) return;
  if (facts.status == kEarlyDialogEnded) {
    end_early_dialog(state, message);
    return;
  }
  if (!state.times.progress_ns) state.times.progress_ns = message.time_ns();
  if (facts.status == 180 && !state.times.ringing_ns) state.times.ringing_ns = message.time_ns();
}

// What stands behind missing bytes of a TCP stream is held back, while the other direction goes on
// to the BYE.
bool was_held_up(const LiveCall& state, const SeenMessage& message) {
  return state.end_reason == EndReason::kBye && message.time_ns() <= state.times.ended_ns;
}

void apply_answer(LiveCall& state, const SeenMessage& message, Dialog* dialog) {
  const MessageFacts& facts = message.facts;
  if (dialog != nullptr) dialog->confirmed = true;
  state.invites.on_answer(facts);
  state.established = true;
  state.session_expires_s = facts.session_expires_s;
  if (state.times.answered_ns || (state.ended && !was_held_up(state, message))) return;
  // One that comes again after its ACK tells of an answer whose first 2xx was missed.
  state.times.answered_ns =
      std::min(message.time_ns(), state.times.established_ns.value_or(INT64_MAX));
  state.outcome = CallOutcome::kAnswered;
  state.status_code = facts.status;
  state.reason = facts.phrase;
  state.q850_cause.reset();
  state.to_tag = facts.to_tag;
  if (dialog != nullptr) {
    state.parties.answer(dialog->party, message.time_ns());
    state.media.keep_only(dialog->party);
  }
}

void end_by_failure(LiveCall& state, const SeenMessage& message, const InviteTransaction& last) {
  state.status_code = last.status;
  state.reason = last.phrase;
  note_response_reason(state, message.facts);
  const bool left_early = last.status == 487 && state.end_reason == EndReason::kBye &&
                          state.hangup_by == HangupBy::kCaller;
  if (state.cancel_seen || left_early) {
    state.outcome = CallOutcome::kCancelled;
    end_call(state, {EndReason::kCancel, HangupBy::kCaller, message.time_ns()});
  } else {
    state.outcome = outcome_of_failure(last.status);
    end_call(state, {EndReason::kFailure, HangupBy::kNone, message.time_ns()});
  }
}

void apply_failure(LiveCall& state, const SeenMessage& message, bool initial) {
  const MessageFacts& facts = message.facts;
  if (!initial) return;
  if (state.times.answered_ns) {  // of another branch
    state.invites.on_final(facts);
    end_early_dialog(state, message);
    return;
  }
  if (state.established) return;
  if (!is_challenge(facts.status)) state.parties.learn_refusal(message);
  end_early_dialog(state, message);
  apply_redirect(state, message);
  if (state.times.start_ns) {
    state.invites.on_final(facts);
  } else {
    state.invites.on_refusal_of_missed(facts);  // the response alone has to tell
  }
  if (const InviteTransaction* last = state.invites.failure()) {
    end_by_failure(state, message, *last);
  }
}

// The INVITE was missed with which a refused caller tries again, or a proxy another target: its
// responses tell of it.  What it offers is most likely what was offered before.
void note_missed_attempt(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (state.established || state.released) return;
  // Where no INVITE was seen, nobody knows whether the caller gave up, or a proxy one target.
  const bool may_be_answered = state.end_reason == EndReason::kFailure ||
                               (state.end_reason == EndReason::kCancel && !state.times.start_ns);
  const bool is_answered_elsewhere = state.ended && may_be_answered && facts.status >= 200 &&
                                     facts.status < 300 && state.invites.has_attempt(facts);
  if (!state.invites.on_missed_invite(facts) && !is_answered_elsewhere) return;
  if (state.ended && is_refused(state)) reopen_call(state);
  offer_again(state, message);
}

void apply_invite_response(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  note_missed_attempt(state, message);
  // Without the INVITE, the first responses are taken for those of the INVITE that was missed.
  const bool initial =
      state.invites.has_attempt(facts) || (!state.times.start_ns && !state.established);
  if (initial) {
    // A leg of which only the responses pass here has its caller's tag in them.
    if (!state.dialogs.knows_tag(facts.from_tag)) state.dialogs.add_caller_tag(facts.from_tag);
    if (state.dialogs.is_caller_tag(facts.from_tag)) state.parties.orient();
  }
  Dialog* dialog = nullptr;
  // Who forwards a call says so himself; whom he forwards it to is another dialog (RFC
  // 3261 21.1.3).
  const bool is_none = facts.status == kEarlyDialogEnded ||
                       (facts.status == kIsBeingForwarded && facts.session == nullptr);
  if (facts.status > 100 && facts.status < 300 && !is_none) {
    dialog = dialog_of(state, message);
  }
  const Ends ends = ends_of(state, facts);
  if (dialog != nullptr) state.parties.learn(ends.responder, message);
  if (facts.status < 200) {
    apply_provisional(state, message, initial);
    apply_response_session(state, message, ends);
  } else if (facts.status < 300) {
    // The session first: what answers the first offer is no hold, whatever it says.
    apply_response_session(state, message, ends);
    if (initial) {
      apply_answer(state, message, dialog);
      note_target(state, message, dialog == nullptr ? ends.responder : dialog->party);
    } else {
      // Of a re-INVITE: there was an answer, seen or not.
      if (state.established && !state.ended) state.outcome = CallOutcome::kAnswered;
      state.session_expires_s = facts.session_expires_s;
      note_connected_identity(state, message, ends.responder);
    }
  } else {
    apply_response_session(state, message, ends);
    apply_failure(state, message, initial);
  }
}

// The BYE of this response was sent by whom its From names.
HangupBy sender_of_bye(const LiveCall& state, const MessageFacts& facts) {
  const auto is_caller = [&state](std::string_view tag) {
    return !tag.empty() && state.dialogs.is_caller_tag(tag);
  };
  if (!state.parties.oriented()) return HangupBy::kNone;
  if (is_caller(facts.from_tag)) return HangupBy::kCaller;
  if (is_caller(facts.to_tag) || state.dialogs.knows_tag(facts.from_tag)) return HangupBy::kCallee;
  return state.dialogs.knows_tag(facts.to_tag) ? HangupBy::kCaller : HangupBy::kNone;
}

// The BYE itself passed elsewhere.
void end_by_missed_bye(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (state.ended || !state.dialogs.hang_up(facts.from_tag, facts.to_tag)) return;
  state.closing_missed = true;
  end_call(state, {EndReason::kBye, sender_of_bye(state, facts), message.time_ns()});
}

void apply_bye_response(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (facts.status < 200) return;
  if (facts.status < 300) end_by_missed_bye(state, message);
  if (state.ended) state.closing_answered = true;
}

}  // namespace

CallOutcome outcome_of_failure(std::uint16_t status) {
  switch (status) {
    case 486:
    case 600: return CallOutcome::kBusy;
    case 408:
    case 480:
    case 487: return CallOutcome::kNoAnswer;
    case 401:
    case 403:
    case 407:
    case 603: return CallOutcome::kRejected;
    default: return status < 400 ? CallOutcome::kRedirected : CallOutcome::kFailed;
  }
}

bool invites_another_attempt(std::uint16_t status) {
  constexpr std::array<std::uint16_t, 14> kStatuses = {
      401, 407, 413, 415, 416, 420, 421, 422, 423, 424, 484, 488, 494, 503};
  return (status >= 300 && status < 400) ||
         std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

void apply_response(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  switch (facts.method) {
    case Method::kInvite: apply_invite_response(state, message); break;
    case Method::kUpdate:
      if (facts.status >= 200 && facts.status < 300) {
        state.session_expires_s = facts.session_expires_s;
        note_connected_identity(state, message, ends_of(state, facts).responder);
      }
      [[fallthrough]];
    case Method::kPrack: apply_response_session(state, message, ends_of(state, facts)); break;
    case Method::kBye: apply_bye_response(state, message); break;
    case Method::kCancel:
      if (facts.status >= 200 && facts.status < 300) note_cancel(state, message);
      state.cancel_unanswered = false;
      break;
    case Method::kRefer: apply_refer_response(state, message); break;
    default: break;
  }
}

}  // namespace tapdeck::calls
