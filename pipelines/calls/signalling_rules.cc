#include "pipelines/calls/signalling_rules.h"

#include <algorithm>
#include <array>

#include "pipelines/calls/claims_rules.h"
#include "pipelines/calls/media_rules.h"
#include "pipelines/calls/message_numbers.h"
#include "pipelines/calls/response_rules.h"
#include "pipelines/calls/transfer_rules.h"

namespace tapdeck::calls {
namespace {

using sip::Method;

constexpr std::int64_t kMirrorLateNs = 1'000'000'000;

void count_message(LiveCall& state, const MessageFacts& facts) {
  if (!facts.is_request) {
    const std::array<char, 3> digits = {static_cast<char>('0' + facts.status / 100),
                                        static_cast<char>('0' + facts.status / 10 % 10),
                                        static_cast<char>('0' + facts.status % 10)};
    state.responses.count({digits.data(), digits.size()});
    return;
  }
  const std::string_view name = facts.method_name.substr(0, 32);
  if (state.methods.size() < kMethodNamesMax || state.methods.contains(name)) {
    state.methods.count(name);
  } else {
    state.methods.count("OTHER");
  }
}

void note_numbers(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  const MessageNumbers numbers(message);
  if (!state.times.start_ns) {
    state.dialled = facts.request_number;
    state.dialled_e164 = numbers.e164(facts.request_number, facts.request_context);
  }
  if (state.asserted.empty() && facts.asserted) {
    state.asserted = facts.asserted->number;
    state.asserted_e164 = numbers.e164(*facts.asserted);
  }
  if (state.diverted_from.empty() && !facts.diverted_from.empty()) {
    state.diverted_from = facts.diverted_from;
    state.diverted_from_e164 = numbers.e164(facts.diverted_from);
  }
}

// Overlap dialling (RFC 3578): the caller tries again, with more digits.
void note_more_digits(LiveCall& state, const SeenMessage& message) {
  const std::string_view number = message.facts.request_number;
  const std::string_view before = state.dialled;
  if (before.empty() || number.size() <= before.size() || !number.starts_with(before)) return;
  const bool is_led_there = std::ranges::any_of(state.edges, [number](const LiveEdge& live) {
    return live.edge.kind == EdgeKind::kRedirected && live.edge.number == number;
  });
  if (is_led_there) return;
  state.dialled = number;
  state.dialled_e164 = MessageNumbers(message).e164(number, message.facts.request_context);
  state.parties.dial(message);
}

void apply_initial_invite(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  state.dialogs.add_caller_tag(facts.from_tag);
  const bool is_new = state.invites.on_invite(facts);
  if (is_new && state.ended && is_refused(state)) reopen_call(state);
  if (!state.edges.empty()) note_followed_redirect(state, facts);
  if (is_new && !state.times.progress_ns) state.times.attempt_ns = message.time_ns();
  state.parties.orient();
  const numbers::CallRoute route = route_of(message);
  state.route.extend(route.origin, route.target);
  note_numbers(state, message);
  if (is_new && !state.times.answered_ns) note_more_digits(state, message);
  if (!state.times.start_ns) {
    // Of two mirrors one may be late: its responses are seen first.
    const bool is_late = message.time_ns() - state.times.first_seen_ns < kMirrorLateNs;
    state.times.start_ns = is_late ? state.times.first_seen_ns : message.time_ns();
  }
  state.parties.learn(kCallerParty, message);
  // With a second leg's INVITE, the caller's addresses there are declared for the caller, too.
  apply_request_session(state, message, {kCallerParty, state.parties.callee()});
}

void note_reason(LiveCall& state, const MessageFacts& facts) {
  if (facts.q850_cause) state.q850_cause = facts.q850_cause;
  if (!facts.reason_text.empty()) state.reason = facts.reason_text;
}

HangupBy who_left(const LiveCall& state, const Ends& sides) {
  if (!state.parties.oriented()) return HangupBy::kNone;
  return sides.requester == kCallerParty ? HangupBy::kCaller : HangupBy::kCallee;
}

void apply_bye(LiveCall& state, const SeenMessage& message, const Ends& sides) {
  const MessageFacts& facts = message.facts;
  const bool is_ours = state.dialogs.has_dialog(facts.from_tag, facts.to_tag);
  const bool ends = state.dialogs.hang_up(facts.from_tag, facts.to_tag);
  if (state.ended) {
    const bool is_open = state.hangup_by == HangupBy::kNone || state.closing_missed;
    if (is_ours && state.end_reason == EndReason::kBye && is_open) {
      state.closing_missed = false;
      state.hangup_by = who_left(state, sides);  // its response was seen before it
      note_reason(state, facts);
    }
    return;
  }
  // One of several forks is let go; the call lives on in another.
  if (!ends && is_ours) return;
  const CallEnd end{EndReason::kBye, who_left(state, sides), message.time_ns()};
  if (!ends) {
    state.doubted_end = end;
    return;
  }
  note_reason(state, facts);
  state.closing_missed = false;
  end_call(state, end);
}

void note_established(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  state.established = true;
  if (!state.times.established_ns) state.times.established_ns = message.time_ns();
  if (Dialog* dialog = state.dialogs.find(facts.from_tag, facts.to_tag)) dialog->confirmed = true;
}

// Hop by hop: it ends a refused attempt.  One of an answered dialog is an answer's, even if it has
// the INVITE's branch.
bool is_of_refusal(LiveCall& state, const MessageFacts& ack) {
  if (state.invites.was_refused(ack)) return true;
  const Dialog* dialog = state.dialogs.find(ack.from_tag, ack.to_tag);
  if (dialog != nullptr && dialog->confirmed) return false;
  return state.invites.is_known(ack) || (dialog != nullptr && dialog->is_of(ack.branch));
}

void apply_ack(LiveCall& state, const SeenMessage& message, const Ends& ends) {
  const MessageFacts& facts = message.facts;
  if (is_of_refusal(state, facts)) {
    state.invites.on_ack(facts);
    if (state.times.answered_ns) return;
    const InviteTransaction* last = state.invites.failure();
    if (last != nullptr && last->acknowledged) state.closing_answered = true;
    return;
  }
  if (state.ended) {
    state.closing_answered = state.closing_answered || state.end_reason != EndReason::kBye;
    return;
  }
  note_established(state, message);  // an ACK of its own goes from end to end: there was a 2xx
  state.outcome = CallOutcome::kAnswered;
  apply_request_session(state, message, ends);
}

// A request within a dialog whose beginning was missed.
void adopt_dialog(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (facts.to_tag.empty() || state.dialogs.find(facts.from_tag, facts.to_tag) != nullptr) return;
  // Other dialogs are made by their responses; here only what nothing is known of.
  if (!state.dialogs.all().empty() || facts.method == Method::kCancel) return;
  if (state.times.start_ns && facts.method == Method::kAck && state.invites.is_known(facts)) return;
  const bool reversed = state.dialogs.is_caller_tag(facts.to_tag);
  state.dialogs.add(reversed ? facts.to_tag : facts.from_tag,
                    reversed ? facts.from_tag : facts.to_tag);
}

void apply_request(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (facts.method == Method::kInvite && facts.to_tag.empty()) {
    apply_initial_invite(state, message);
    return;
  }
  adopt_dialog(state, message);
  const bool outside = facts.method == Method::kRefer && facts.to_tag.empty();
  const Ends ends = outside ? ends_outside(state, facts) : ends_of(state, facts);
  state.parties.learn(ends.requester, message);
  switch (facts.method) {
    case Method::kBye: apply_bye(state, message, ends); break;
    case Method::kCancel:
      state.cancel_unanswered = true;
      note_cancel(state, message);
      break;
    case Method::kAck: apply_ack(state, message, ends); break;
    case Method::kInvite:
      note_established(state, message);  // a re-INVITE
      [[fallthrough]];
    case Method::kUpdate: note_connected_identity(state, message, ends.requester); [[fallthrough]];
    case Method::kPrack: apply_request_session(state, message, ends); break;
    case Method::kRefer: apply_refer(state, message, ends); break;
    case Method::kNotify: apply_refer_notify(state, message); break;
    default: break;
  }
}

bool may_try_again(const LiveCall& state) {
  return state.end_reason == EndReason::kFailure && state.status_code &&
         invites_another_attempt(*state.status_code);
}

// An INVITE of the ended call once more, all tags and its branch the same.  Nobody sends it again
// when its ACK has been seen, and the late one of two mirrors does not show it for ever.
bool is_begun_anew(const LiveCall& state, const SeenMessage& message) {
  if (!state.closing_answered || !state.invites.is_over(message.facts)) return false;
  if (may_try_again(state)) return false;
  const CallTimes& times = state.times;
  const auto& acknowledged_ns = times.established_ns ? times.established_ns : times.answered_ns;
  const std::int64_t over_ns = acknowledged_ns.value_or(times.ended_ns.value_or(INT64_MAX / 2));
  return message.time_ns() > over_ns + kMirrorLateNs;
}

}  // namespace

bool may_open_call(const MessageFacts& facts) {
  if (facts.method == Method::kInvite) return facts.is_request || facts.status >= 100;
  if (!facts.is_request) return false;
  switch (facts.method) {
    case Method::kCancel: return true;
    case Method::kAck:
    case Method::kBye:
    case Method::kPrack:
    case Method::kUpdate:
    case Method::kInfo: return !facts.from_tag.empty() && !facts.to_tag.empty();
    default: return false;
  }
}

void open_call(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  state.realm = message.signal.realm;
  state.port_index = message.signal.port_index;
  state.vlan = message.signal.vlan;
  state.call_id = facts.call_id;
  state.from_tag = facts.from_tag;
  state.to_tag = facts.to_tag;
  state.times.first_seen_ns = message.time_ns();
  state.times.last_seen_ns = message.time_ns();
  // ACK, CANCEL and PRACK come from who sent the INVITE; a response names him in From.
  const bool by_caller = !facts.is_request || facts.method == Method::kAck ||
                         facts.method == Method::kCancel || facts.method == Method::kPrack ||
                         (facts.method == Method::kInvite && facts.to_tag.empty());
  state.dialogs.add_caller_tag(facts.from_tag);
  state.parties.open(message, by_caller);
  if (by_caller) state.route = route_of(message);
}

void apply_message(LiveCall& state, const SeenMessage& message, std::uint64_t seed) {
  if (!message.signal.was_told) count_message(state, message.facts);
  state.times.first_seen_ns = std::min(state.times.first_seen_ns, message.time_ns());
  state.times.last_seen_ns = std::max(state.times.last_seen_ns, message.time_ns());
  if (state.repeats.is_repeat(message, seed)) return;
  if (message.facts.is_request) {
    apply_request(state, message);
  } else {
    apply_response(state, message);
  }
  if (message.facts.claims != nullptr) {
    const Ends ends = ends_of(state, message.facts);
    note_claims(state, message, message.facts.is_request ? ends.requester : ends.responder);
  }
  update_timelines(state, message.time_ns());
}

bool starts_another_call(const LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (!state.ended || !facts.is_request || facts.method != Method::kInvite) return false;
  if (!facts.to_tag.empty()) return false;
  // What was sent before the call's first message that was seen comes late, as a request does of
  // which only the first fragment is there.
  if (message.time_ns() < state.times.first_seen_ns) return false;
  if (state.invites.is_known(facts)) return is_begun_anew(state, message);
  // Another target that is tried long after the first one refused.
  if (state.invites.has_attempt(facts)) return state.released;
  return state.released || !may_try_again(state);
}

void note_cancel(LiveCall& state, const SeenMessage& message) {
  // What it brought about may be seen before it, and so may its response.
  const bool is_request = message.facts.is_request;
  const bool is_late =
      state.status_code == 487 && (state.end_reason == EndReason::kFailure ||
                                   (is_request && state.closing_missed && is_refused(state)));
  if (state.times.answered_ns || (state.ended && !is_late)) return;
  state.invites.on_cancel(message.facts);
  if (!state.invites.cancelled() && state.times.start_ns) return;
  if (is_request || !state.cancel_seen) state.closing_missed = !is_request;
  state.cancel_seen = true;
  note_reason(state, message.facts);
  if (!state.ended) return;
  state.outcome = CallOutcome::kCancelled;
  state.end_reason = EndReason::kCancel;
  state.hangup_by = HangupBy::kCaller;
}

void end_call(LiveCall& state, const CallEnd& end) {
  if (state.ended) return;
  update_timelines(state, end.time_ns);
  state.times.ended_ns = end.time_ns;
  state.ended = true;
  state.end_reason = end.reason;
  state.hangup_by = end.by;
}

bool is_refused(const LiveCall& state) {
  return state.end_reason == EndReason::kFailure || state.end_reason == EndReason::kCancel;
}

void reopen_call(LiveCall& state) {
  state.ended = false;
  state.closing_answered = false;
  state.times.ended_ns.reset();
  state.end_reason = EndReason::kNone;
  state.hangup_by = HangupBy::kNone;
  state.outcome = CallOutcome::kUnknown;
  state.status_code.reset();
  state.reason.clear();
  state.q850_cause.reset();
  state.provisional_seen = false;
  state.cancel_seen = false;  // by a proxy, which then tries another target
  state.cancel_unanswered = false;
}

}  // namespace tapdeck::calls
