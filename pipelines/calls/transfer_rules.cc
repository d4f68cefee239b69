#include "pipelines/calls/transfer_rules.h"

#include <algorithm>
#include <utility>

#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/message_numbers.h"
#include "pipelines/calls/transfer_facts.h"

namespace tapdeck::calls {
namespace {

// What two spellings of one number have in common is at least so long.
constexpr std::size_t kSharedDigitsMin = 4;

CallEdge edge_to(EdgeKind kind, const PersonFacts& person, const SeenMessage& message) {
  CallEdge edge;
  edge.kind = kind;
  edge.outcome = EdgeOutcome::kRequested;
  edge.number = person.number;
  edge.e164 = MessageNumbers(message).e164(person);
  edge.uri = person.uri;
  edge.time_us = message.time_ns() / 1000;
  return edge;
}

bool is_open_transfer(const LiveEdge& live) {
  return live.edge.kind == EdgeKind::kTransferred &&
         (live.edge.outcome == EdgeOutcome::kRequested ||
          live.edge.outcome == EdgeOutcome::kAccepted);
}

std::string_view without_plus(std::string_view number) {
  return number.starts_with('+') ? number.substr(1) : number;
}

// "+49711100" and "0711100" may be the same: the longer one ends with the shorter one.
bool may_be_same(std::string_view a, std::string_view b) {
  if (a == b) return true;
  a = without_plus(a);
  b = without_plus(b);
  while (a.starts_with('0')) a.remove_prefix(1);
  while (b.starts_with('0')) b.remove_prefix(1);
  if (std::min(a.size(), b.size()) < kSharedDigitsMin) return a == b;
  return a.size() > b.size() ? a.ends_with(b) : b.ends_with(a);
}

bool is_known_as(const Party& party, const PersonFacts& person, std::string_view e164) {
  if (!e164.empty() && party.e164 == e164) return true;
  return may_be_same(party.number, person.number);
}

const PersonFacts* connected_person(const MessageFacts& facts) {
  if (facts.asserted) return &*facts.asserted;
  if (facts.claims == nullptr) return nullptr;
  const IdentityFacts* remote = facts.claims->find(IdentitySource::kRemoteParty);
  return remote == nullptr ? nullptr : &remote->person;
}

}  // namespace

LiveEdge* add_edge(LiveCall& state, CallEdge edge) {
  if (state.edges.size() >= kEdgesMax) return nullptr;
  LiveEdge& live = state.edges.emplace_back();
  live.edge = std::move(edge);
  return &live;
}

Ends ends_outside(const LiveCall& state, const MessageFacts& refer) {
  const std::uint8_t callee = state.parties.callee();
  const auto& parties = state.parties.all();
  PersonReader reader;
  const PersonFacts person = reader.read(refer.from);
  const bool by_caller =
      !parties.empty() && may_be_same(parties[kCallerParty].number, person.number);
  return by_caller ? Ends{kCallerParty, callee} : Ends{callee, kCallerParty};
}

void apply_refer(LiveCall& state, const SeenMessage& message, const Ends& ends) {
  const MessageFacts& facts = message.facts;
  if (facts.transfer == nullptr || !facts.transfer->refer_to) return;
  CallEdge edge = edge_to(EdgeKind::kTransferred, *facts.transfer->refer_to, message);
  if (const auto& replaces = facts.transfer->replaces) {
    edge.call_id = replaces->call_id;
    edge.from_tag = replaces->from_tag;
    edge.to_tag = replaces->to_tag;
  }
  // The same REFER on its next hop, or again with credentials.
  const auto is_same = [&edge](const LiveEdge& known) {
    return known.edge.kind == edge.kind && known.edge.uri == edge.uri &&
           (is_open_transfer(known) || known.edge.time_us == edge.time_us);
  };
  const auto known = std::find_if(state.edges.begin(), state.edges.end(), is_same);
  LiveEdge* live = known == state.edges.end() ? add_edge(state, std::move(edge)) : &*known;
  if (live == nullptr) return;
  live->cseq = facts.cseq;
  live->by_caller = ends.requester == kCallerParty;
  live->attended = facts.transfer->replaces.has_value();
}

void apply_refer_response(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (facts.status < 200 || facts.status == 401 || facts.status == 407) return;
  for (LiveEdge& live : state.edges) {
    CallEdge& edge = live.edge;
    if (!is_open_transfer(live) || live.cseq != facts.cseq) continue;
    if (edge.outcome == EdgeOutcome::kAccepted) return;  // another hop's
    if (facts.status >= 300) {
      edge.outcome = EdgeOutcome::kRefused;
      edge.status_code = facts.status;
      return;
    }
    edge.outcome = EdgeOutcome::kAccepted;
    state.transferred = CallTransfer{edge.number.empty() ? edge.uri : edge.number,
                                     live.by_caller ? "caller" : "callee",
                                     live.attended ? "attended" : "blind",
                                     edge.e164};
    state.parties.add_target({{}, edge.uri, edge.number, {}}, edge.e164, message.time_ns());
    return;
  }
}

bool awaits_transfer(const LiveCall& state) {
  return std::any_of(state.edges.begin(), state.edges.end(), is_open_transfer);
}

void apply_refer_notify(LiveCall& state, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  if (facts.transfer == nullptr || facts.transfer->notified_status.value_or(0) < 200) return;
  const std::uint16_t status = *facts.transfer->notified_status;
  const auto live = std::find_if(state.edges.begin(), state.edges.end(), is_open_transfer);
  if (live == state.edges.end()) return;
  live->edge.status_code = status;
  live->edge.outcome = status < 300 ? EdgeOutcome::kSucceeded : EdgeOutcome::kFailed;
  if (status >= 300) state.parties.leave(live->edge.uri, message.time_ns());
}

void apply_redirect(LiveCall& state, const SeenMessage& message) {
  if (message.facts.transfer == nullptr) return;
  const TransferFacts& facts = *message.facts.transfer;
  for (std::size_t i = 0; i < facts.redirect_count; ++i) {
    const PersonFacts& person = facts.redirects[i];
    const bool known =
        std::any_of(state.edges.begin(), state.edges.end(), [&person](const LiveEdge& live) {
          return live.edge.kind == EdgeKind::kRedirected && live.edge.uri == person.uri;
        });
    if (known) continue;
    CallEdge edge = edge_to(EdgeKind::kRedirected, person, message);
    edge.status_code = message.facts.status;
    add_edge(state, std::move(edge));
  }
}

void note_followed_redirect(LiveCall& state, const MessageFacts& invite) {
  for (LiveEdge& live : state.edges) {
    CallEdge& edge = live.edge;
    if (edge.kind != EdgeKind::kRedirected || edge.outcome != EdgeOutcome::kRequested) continue;
    if (!edge.number.empty() && invite.request_number == edge.number) {
      edge.outcome = EdgeOutcome::kAccepted;
      edge.call_id = state.call_id;  // the same call goes on
    }
  }
}

void note_connected_identity(LiveCall& state, const SeenMessage& message, std::uint8_t party) {
  if (!state.times.answered_ns || state.ended) return;
  const PersonFacts* person = connected_person(message.facts);
  if (person == nullptr || person->number.empty()) return;
  const auto& parties = state.parties.all();
  if (party >= parties.size()) return;
  const std::string e164(MessageNumbers(message).e164(*person));
  if (is_known_as(parties[party], *person, e164)) return;
  if (party == kCallerParty && (may_be_same(state.asserted, person->number) ||
                                (!e164.empty() && std::string_view(state.asserted_e164) == e164))) {
    return;
  }
  const bool known = std::any_of(parties.begin(), parties.end(), [&](const Party& other) {
    return other.role == PartyRole::kTransferTarget && is_known_as(other, *person, e164);
  });
  if (!known) state.parties.add_target(*person, e164, message.time_ns());
}

std::vector<CallEdge> edge_records(const LiveCall& state) {
  std::vector<CallEdge> edges;
  edges.reserve(state.edges.size());
  const bool refused = state.ended && state.end_reason == EndReason::kFailure;
  for (const LiveEdge& live : state.edges) {
    CallEdge& edge = edges.emplace_back(live.edge);
    const bool is_own_fate =
        edge.kind == EdgeKind::kReplaces || edge.kind == EdgeKind::kTransferredFrom ||
        edge.kind == EdgeKind::kRedirectedFrom ||
        (edge.kind == EdgeKind::kRedirected && edge.outcome == EdgeOutcome::kAccepted);
    if (!is_own_fate) continue;
    if (state.times.answered_ns) {
      edge.outcome = EdgeOutcome::kSucceeded;
    } else if (refused || state.ended) {
      edge.outcome = EdgeOutcome::kFailed;
    }
    if (edge.kind != EdgeKind::kRedirected) edge.status_code = state.status_code;
  }
  return edges;
}

}  // namespace tapdeck::calls
