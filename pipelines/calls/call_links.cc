#include "pipelines/calls/call_links.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/transfer_facts.h"
#include "pipelines/calls/transfer_rules.h"

namespace tapdeck::calls {
namespace {

constexpr std::uint64_t kOutsideSeed = 0x6f75747369646572ULL;
constexpr std::uint64_t kReplacedSeed = 0x7265706c61636564ULL;

bool has_edge(const Call& call, EdgeKind kind) {
  const auto& edges = call.live().edges;
  return std::any_of(
      edges.begin(), edges.end(), [kind](const LiveEdge& live) { return live.edge.kind == kind; });
}

void link(Call& call, CallEdge edge, CallHandle partner) {
  if (call.edges().size() >= kEdgesMax) return;
  LiveEdge& live = call.edges().emplace_back();
  live.edge = std::move(edge);
  live.partner = partner;
}

// A number as others may write it: "+49711100", "0049711100" and "49711100" are one.
std::string_view core_of(std::string_view number) {
  if (number.starts_with('+')) return number.substr(1);
  return number.starts_with("00") ? number.substr(2) : number;
}

std::string_view number_at(const Call& call, std::uint8_t party) {
  const auto& parties = call.live().parties.all();
  return party < parties.size() ? std::string_view(parties[party].number) : std::string_view();
}

}  // namespace

std::uint64_t CallLinks::key_of(RealmId realm,
                                std::string_view caller,
                                std::string_view target) const {
  return hash_text(core_of(target), hash_text(core_of(caller), seed_ ^ realm));
}

std::uint64_t CallLinks::key_of_replaced(RealmId realm, std::string_view call_id) const {
  return hash_text(call_id, seed_ ^ realm ^ kReplacedSeed);
}

void CallLinks::drop_oldest() {
  by_key_.remove(requests_.front().key, first_);
  requests_.pop_front();
  ++first_;
}

const CallLinks::Request* CallLinks::find(std::uint64_t key) const {
  const std::uint32_t number = by_key_.find(key, [](std::uint32_t) { return true; });
  return number == HashIndex::kNone ? nullptr : &requests_[number - first_];
}

void CallLinks::remember(Request request, std::uint64_t key) {
  if (find(key) != nullptr) return;
  if (requests_.size() >= kRequestsMax) {
    drop_oldest();
    ++evicted_;
  }
  request.key = key;
  request.until_ns = timer_now_ns_ + kRequestNs;
  // HashIndex::kNone is no number.
  if (first_ + requests_.size() >= HashIndex::kNone - 1) {
    while (!requests_.empty()) drop_oldest();
    first_ = 0;
  }
  by_key_.add(key, first_ + static_cast<std::uint32_t>(requests_.size()));
  requests_.push_back(std::move(request));
}

void CallLinks::remember(Call& call, const SeenMessage& message) {
  const LiveCall& live = call.live();
  const TransferFacts& facts = *message.facts.transfer;
  const bool redirect = facts.redirect_count > 0;
  const EdgeKind kind = redirect ? EdgeKind::kRedirected : EdgeKind::kTransferred;
  const auto found = std::find_if(live.edges.rbegin(), live.edges.rend(), [kind](const auto& each) {
    return each.edge.kind == kind;
  });
  if (found == live.edges.rend()) return;
  const LiveEdge& last = *found;
  const std::uint8_t callee = live.parties.callee();
  const std::uint8_t asker = redirect || !last.by_caller ? callee : kCallerParty;
  const std::uint8_t asked = asker == kCallerParty ? callee : kCallerParty;
  const auto& parties = live.parties.all();
  if (asker >= parties.size()) return;
  Request request;
  request.call = live.handle;
  request.uid = live.uid;
  request.redirect = redirect;
  request.edge_time_us = last.edge.time_us;
  request.call_id = live.call_id;
  request.number = parties[asker].number;
  request.e164 = parties[asker].e164;
  request.uri = parties[asker].uri;
  if (redirect) {
    for (std::size_t i = 0; i < facts.redirect_count; ++i) {
      const std::string_view target = facts.redirects[i].number;
      if (!target.empty()) remember(request, key_of(live.realm, number_at(call, asked), target));
    }
    return;
  }
  if (facts.replaces) {
    const std::string_view replaced = facts.replaces->call_id;
    Call* other = table_.find(table_.hash_of(live.realm, replaced), live.realm, replaced);
    if (other != nullptr && other != &call) {
      for (LiveEdge& each : call.edges()) {
        const bool is_meant = each.edge.kind == kind && each.edge.call_id == replaced;
        if (is_meant) each.edge.uid = other->live().uid;
      }
      conversations_.join(call, *other, JoinMethod::kTransfer, timer_now_ns_);
    }
    remember(std::move(request), key_of_replaced(live.realm, replaced));
    return;
  }
  if (facts.refer_to->number.empty()) return;
  const std::string_view target = facts.refer_to->number;
  remember(request, key_of(live.realm, number_at(call, asked), target));
  remember(request, key_of(live.realm, number_at(call, asker), target));
}

void CallLinks::follow_replaces(Call& call, const SeenMessage& message) {
  const sip::Replaces& replaces = *message.facts.transfer->replaces;
  if (has_edge(call, EdgeKind::kReplaces)) return;
  const RealmId realm = call.live().realm;
  Call* other = table_.find(table_.hash_of(realm, replaces.call_id), realm, replaces.call_id);
  if (other == &call || (other != nullptr && !other->live().dialogs.all().empty() &&
                         !other->live().dialogs.has_dialog(replaces.from_tag, replaces.to_tag))) {
    other = nullptr;
  }
  CallEdge edge;
  edge.kind = EdgeKind::kReplaces;
  edge.outcome = EdgeOutcome::kRequested;
  edge.call_id = replaces.call_id;
  edge.from_tag = replaces.from_tag;
  edge.to_tag = replaces.to_tag;
  edge.time_us = message.time_ns() / 1000;
  if (other == nullptr) return link(call, std::move(edge), {});
  edge.uid = other->live().uid;
  edge.early = !other->live().established;
  CallEdge back;
  back.kind = EdgeKind::kReplacedBy;
  back.outcome = EdgeOutcome::kRequested;
  back.uid = call.live().uid;
  back.call_id = call.live().call_id;
  back.from_tag = message.facts.from_tag;
  back.number = number_at(call, kCallerParty);
  back.time_us = edge.time_us;
  back.early = edge.early;
  link(*other, std::move(back), call.live().handle);
  link(call, std::move(edge), other->live().handle);
  conversations_.join(call, *other, JoinMethod::kReplaces, timer_now_ns_);
}

void CallLinks::follow_request(Call& call, const SeenMessage& message) {
  const MessageFacts& facts = message.facts;
  const RealmId realm = call.live().realm;
  const Request* request = nullptr;
  if (facts.transfer != nullptr && facts.transfer->replaces) {
    request = find(key_of_replaced(realm, facts.transfer->replaces->call_id));
  }
  if (request == nullptr && !facts.request_number.empty()) {
    request = find(key_of(realm, number_at(call, kCallerParty), facts.request_number));
    const auto& by = facts.transfer == nullptr ? std::nullopt : facts.transfer->referred_by;
    if (request == nullptr && by) request = find(key_of(realm, by->number, facts.request_number));
  }
  if (request == nullptr || request->uid == call.live().uid) return;
  const EdgeKind kind = request->redirect ? EdgeKind::kRedirectedFrom : EdgeKind::kTransferredFrom;
  if (has_edge(call, kind)) return;
  CallEdge edge;
  edge.kind = kind;
  edge.outcome = EdgeOutcome::kRequested;
  edge.uid = request->uid;
  edge.call_id = request->call_id;
  edge.number = request->number;
  edge.e164 = request->e164;
  edge.uri = request->uri;
  edge.time_us = message.time_ns() / 1000;
  Call* other = table_.find(request->call);
  link(call, std::move(edge), request->call);
  if (other == nullptr) return;
  const EdgeKind asked = request->redirect ? EdgeKind::kRedirected : EdgeKind::kTransferred;
  for (LiveEdge& live : other->edges()) {
    const bool is_it = live.edge.kind == asked && live.partner.is_none() &&
                       live.edge.time_us == request->edge_time_us &&
                       (!request->redirect || live.edge.number == facts.request_number);
    if (!is_it) continue;
    // Of an attended transfer it has named the call that is replaced by this one.
    live.edge.uid = call.live().uid;
    live.edge.call_id = call.live().call_id;
    live.edge.from_tag = facts.from_tag;
    live.edge.to_tag.clear();
    live.partner = call.live().handle;
    break;
  }
  conversations_.join(call, *other, JoinMethod::kTransfer, timer_now_ns_);
}

// What became of this call decides what its partners' edges tell.
void CallLinks::tell_partners(Call& call) {
  const LiveCall& live = call.live();
  const bool answered = live.times.answered_ns.has_value();
  const bool refused = live.ended && !answered;
  if (!answered && !refused) return;
  for (const LiveEdge& mine : live.edges) {
    Call* other = table_.find(mine.partner);
    if (other == nullptr) continue;
    for (LiveEdge& theirs : other->edges()) {
      CallEdge& edge = theirs.edge;
      const bool is_open =
          edge.outcome == EdgeOutcome::kRequested || edge.outcome == EdgeOutcome::kAccepted;
      const bool waits = edge.kind == EdgeKind::kTransferred ||
                         edge.kind == EdgeKind::kReplacedBy || edge.kind == EdgeKind::kRedirected;
      if (!is_open || !waits || edge.uid != live.uid) continue;
      edge.outcome = answered ? EdgeOutcome::kSucceeded : EdgeOutcome::kFailed;
      edge.status_code = live.status_code;
    }
  }
}

Call* CallLinks::target_of(const SeenMessage& message, std::int64_t timer_now_ns) {
  const MessageFacts& facts = message.facts;
  const bool names_one = facts.transfer != nullptr && facts.transfer->target.has_value();
  if (!names_one && requests_.empty()) return nullptr;
  const RealmId realm = message.signal.realm;
  const std::uint64_t key = hash_text(facts.call_id, seed_ ^ realm ^ kOutsideSeed);
  if (const Request* known = find(key)) return table_.find(known->call);
  if (!names_one) return nullptr;
  const sip::Replaces& target = *facts.transfer->target;
  Call* call = table_.find(table_.hash_of(realm, target.call_id), realm, target.call_id);
  if (call == nullptr || !call->live().dialogs.has_dialog(target.from_tag, target.to_tag)) {
    return nullptr;
  }
  timer_now_ns_ = timer_now_ns;
  Request request;
  request.call = call->live().handle;
  request.uid = call->live().uid;
  remember(std::move(request), key);
  return call;
}

void CallLinks::on_message(Call& call, const SeenMessage& message, std::int64_t timer_now_ns) {
  timer_now_ns_ = timer_now_ns;
  while (!requests_.empty() && requests_.front().until_ns <= timer_now_ns_) drop_oldest();
  const MessageFacts& facts = message.facts;
  if (is_initial_invite(facts)) {
    if (facts.transfer != nullptr && facts.transfer->replaces) follow_replaces(call, message);
    if (!requests_.empty()) follow_request(call, message);
  } else if (facts.transfer != nullptr &&
             (facts.transfer->refer_to || facts.transfer->redirect_count > 0)) {
    remember(call, message);
  }
  if (!call.live().edges.empty()) tell_partners(call);
}

void restore_links(const CallRecord& record, LiveCall& live) {
  live.conversation.id = parse_uid(record.conversation_id);
  live.conversation.joined_by = known_join_method(record.joined_by_method);
  live.conversation.refused = record.joined_by_score == 0.0;
  for (const CallEdge& edge : record.edges) add_edge(live, edge);
}

}  // namespace tapdeck::calls
