#include "pipelines/calls/media_rules.h"

namespace tapdeck::calls {
namespace {

using sip::Method;

bool may_carry_offer(Method method) {
  return method == Method::kInvite || method == Method::kUpdate || method == Method::kPrack;
}

// Within an established call: sendonly and inactive are a hold there.
bool is_reoffer(const LiveCall& state, const MessageFacts& facts) {
  if (!state.established) return false;
  if (facts.method == Method::kInvite || facts.method == Method::kAck) {
    return !state.invites.has_attempt(facts);
  }
  return facts.method == Method::kUpdate;
}

}  // namespace

Ends ends_of(LiveCall& state, const MessageFacts& facts) {
  const Dialog* dialog = state.dialogs.find(facts.from_tag, facts.to_tag);
  const std::uint8_t other = dialog == nullptr ? state.parties.callee() : dialog->party;
  if (state.dialogs.is_caller_tag(facts.from_tag)) return {kCallerParty, other};
  return {other, kCallerParty};
}

void apply_request_session(LiveCall& state, const SeenMessage& message, const Ends& ends) {
  const MessageFacts& facts = message.facts;
  follow_recording(state, message, ends.requester);
  const OfferAnswer::Who who{hop_of(message.signal), ends.requester};
  const bool reoffer = is_reoffer(state, facts);
  if (facts.method == Method::kAck) {
    // What the 2xx had was an offer: nothing was agreed on until now.
    if (facts.session && state.media.is_answer_alone()) state.expected = {};
    // Where the 2xx was missed, its ACK says that the offer was accepted.
    state.media.accept(who, reoffer);
    if (facts.session) state.media.declare(who, facts.session, reoffer);
    return;
  }
  if (!facts.session || !may_carry_offer(facts.method)) return;
  if (facts.method == Method::kPrack) {
    state.media.declare(who, facts.session, reoffer);  // mostly the answer to the offer in a 18x
  } else {
    state.media.offer(who, facts.session, facts.cseq);
  }
}

void apply_response_session(LiveCall& state, const SeenMessage& message, const Ends& ends) {
  const MessageFacts& facts = message.facts;
  if (!may_carry_offer(facts.method) || facts.status <= 100) return;
  const Hop hop = hop_of(message.signal);
  const OfferAnswer::Who requester{hop, ends.requester};
  if (facts.status >= 300) {
    // A caller that is refused for credentials offers the same again.
    if (!state.invites.has_attempt(facts)) state.media.withdraw(requester, facts.cseq);
    return;
  }
  const bool reoffer = is_reoffer(state, facts);
  if (facts.session) state.media.declare({hop, ends.responder}, facts.session, reoffer);
  if (facts.session || facts.status >= 200) state.media.accept(requester, reoffer);
}

void offer_again(LiveCall& state, const SeenMessage& response) {
  const PoolVector<Party>& parties = state.parties.all();
  if (parties.empty() || parties[kCallerParty].session == nullptr) return;
  state.media.offer(
      {hop_of(response.signal), kCallerParty}, parties[kCallerParty].session, response.facts.cseq);
}

void update_timelines(LiveCall& state, std::int64_t time_ns) {
  if (!state.times.answered_ns || state.ended) return;
  state.hold.set(state.media.on_hold(), time_ns);
  for (std::size_t kind = 0; kind < kExpectedKinds.size(); ++kind) {
    for (const bool from_caller : {true, false}) {
      const bool flows =
          !state.media.on_hold() && state.media.allows(kExpectedKinds[kind], from_caller);
      state.expected[kind][from_caller ? 0 : 1].set(flows, time_ns);
    }
  }
}

}  // namespace tapdeck::calls
