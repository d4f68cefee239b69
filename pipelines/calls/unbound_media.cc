#include "pipelines/calls/unbound_media.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "pipelines/calls/recordings.h"
#include "pipelines/calls/uid.h"

namespace tapdeck::calls {
namespace {

// RFC 3551 section 6; a type that is assigned in a session may be anything.
MediaKind kind_of(std::uint8_t payload_type) {
  switch (payload_type) {
    case 25:
    case 26:
    case 28:
    case 31:
    case 32:
    case 33:
    case 34: return MediaKind::kVideo;
    default: return payload_type < 24 ? MediaKind::kAudio : MediaKind::kUnknown;
  }
}

UnboundStart start_of(const StreamReport& offer) {
  UnboundStart start;
  start.realm = offer.realm;
  start.source = offer.source;
  start.destination = offer.destination;
  start.ssrc = offer.ssrc;
  start.port_index = offer.port_index;
  start.vlan = offer.vlan;
  if (offer.statistics.payload_type_count > 0) {
    start.kind = kind_of(offer.statistics.payload_types[0].payload_type);
  }
  start.first_ns = offer.statistics.first_ns;
  return start;
}

auto order_of(const UnboundStart& start) {
  return std::tie(start.first_ns, start.source, start.destination, start.ssrc);
}

Uid identify(const UnboundStart& start, storage::Hasher& hasher) {
  const std::string ends = to_string(start.source) + " " + to_string(start.destination);
  const std::string ssrc = std::to_string(start.ssrc);
  return identify_call({start.realm, ends, ssrc, start.first_ns}, hasher);
}

}  // namespace

std::string unbound_call_id(const Uid& uid) { return "unbound " + to_string(uid); }

UnboundMedia::Pair UnboundMedia::pair_of(const UnboundStart& start) {
  const auto [low, high] = std::minmax(start.source, start.destination);
  return {start.realm, low, high};
}

void UnboundMedia::choose() {
  const bool before = std::exchange(wanted_, parts_.policy.may_keep_unbound());
  if (!wanted_ && !before) return;
  BindMessage message;
  message.operation = wanted_ ? BindOperation::kOfferUnbound : BindOperation::kLeaveUnbound;
  parts_.context.sink.bind(message);
}

bool UnboundMedia::ask_for_rest() {
  hurried_ = true;
  if (!wanted_) return false;
  BindMessage message;
  message.operation = BindOperation::kOfferUnboundNow;
  parts_.context.sink.bind(message);
  return true;
}

bool UnboundMedia::is_crowded(const Pair& pair) const {
  return by_address_.count({pair.realm, pair.low}) >= kPairsPerAddress ||
         by_address_.count({pair.realm, pair.high}) >= kPairsPerAddress;
}

void UnboundMedia::add(const Pair& pair, const Entry& entry) {
  pairs_.emplace(pair, entry);
  by_address_.emplace(Address{pair.realm, pair.low}, pair);
  by_address_.emplace(Address{pair.realm, pair.high}, pair);
}

void UnboundMedia::erase(Pairs::iterator at) {
  const Pair pair = at->first;
  for (const Endpoint& end : {pair.low, pair.high}) {
    auto [from, to] = by_address_.equal_range({pair.realm, end});
    const auto own =
        std::find_if(from, to, [&pair](const auto& each) { return each.second == pair; });
    if (own != to) by_address_.erase(own);
  }
  pairs_.erase(at);
}

void UnboundMedia::take(const StreamReport& offer, std::int64_t timer_now_ns) {
  if (!wanted_) return;
  const UnboundStart start = start_of(offer);
  const Pair pair = pair_of(start);
  const auto known = pairs_.find(pair);
  if (known != pairs_.end()) {
    UnboundStart& first = known->second.start;
    if (known->second.call.is_none() && order_of(start) < order_of(first)) first = start;
    return;
  }
  if (is_left_alone(pair, timer_now_ns)) return;
  if (pairs_.size() >= calls_max() || is_crowded(pair)) {
    counters_.add(UnboundCount::kRefused);
    return;
  }
  add(pair, {start, {}});
  due_.push_back({timer_now_ns + kOfferGatherNs, pair});
}

void UnboundMedia::open_due(std::int64_t timer_now_ns) {
  std::vector<Pair> pairs;
  while (!due_.empty() && (hurried_ || due_.front().timer_ns <= timer_now_ns)) {
    pairs.push_back(due_.front().pair);
    due_.pop_front();
  }
  const auto order = [this](const Pair& pair) {
    const auto at = pairs_.find(pair);
    return std::pair(at == pairs_.end() ? 0 : at->second.start.first_ns, pair);
  };
  std::ranges::sort(pairs, {}, order);
  for (const Pair& pair : pairs) open(pair, timer_now_ns);
}

void UnboundMedia::open(const Pair& pair, std::int64_t timer_now_ns) {
  const auto at = pairs_.find(pair);
  if (at == pairs_.end() || !at->second.call.is_none()) return;  // claimed meanwhile
  UnboundStart& start = at->second.start;
  start.route = parts_.numbering.route(start.realm, start.source, start.destination);
  Call::Origin origin{.handle = parts_.table.next_handle(), .uid = identify(start, hasher_)};
  const std::string call_id = unbound_call_id(origin.uid);
  if (!parts_.policy.keeps_unbound({start.route, start.first_ns / 1000, call_id, start.kind})) {
    return erase(at);
  }
  const bool admitted = parts_.context.recordings.admits(parts_.options.priority, 0);
  if (count_ >= calls_max() || parts_.table.full() || !admitted) {
    counters_.add(UnboundCount::kRefused);
    return erase(at);
  }
  const auto& already_final = parts_.options.already_final;
  origin.muted = already_final && already_final(origin.uid);
  if (origin.muted) {
    ++already_present_;
  } else {
    counters_.add(UnboundCount::kKept);
  }
  ++opened_;
  ++count_;
  Call& call = parts_.table.add(std::make_unique<Call>(parts_.context, origin, start));
  at->second.call = origin.handle;
  call.begin_unbound(timer_now_ns);
  parts_.settle(call);
}

// Of a call without signalling: its parties are its ends.
UnboundStart UnboundMedia::ends_of(const Call& call) {
  UnboundStart start;
  start.realm = call.live().realm;
  const auto& parties = call.live().parties.all();
  if (parties.size() < 2 || !parties[0].ip || !parties[1].ip) return start;
  start.source = {*parties[0].ip, parties[0].port};
  start.destination = {*parties[1].ip, parties[1].port};
  return start;
}

void UnboundMedia::adopt(const Call& call) {
  if (!call.live().unbound) return;
  ++count_;
  const UnboundStart start = ends_of(call);
  const Pair pair = pair_of(start);
  if (!pairs_.contains(pair)) add(pair, {start, call.live().handle});
}

void UnboundMedia::find_claimed(const BindMessage& message) {
  const auto [from, to] = by_address_.equal_range({message.realm, message.address});
  std::vector<Pair> pairs;
  for (auto at = from; at != to; ++at) pairs.push_back(at->second);
  for (const Pair& pair : pairs) {
    const auto at = pairs_.find(pair);
    if (!at->second.call.is_none()) claims_.push_back({message.call, at->second.call});
    erase(at);
  }
}

void UnboundMedia::obey_claims(std::int64_t timer_now_ns) {
  for (const Claim& claim : std::exchange(claims_, {})) {
    Call* call = parts_.table.find(claim.call);
    if (call == nullptr) continue;
    counters_.add(UnboundCount::kTaken);
    call->yield(timer_now_ns);
    if (const Call* claimant = parts_.table.find(claim.claimant)) {
      taken_.emplace(claim.claimant, claim.call);
      forbid(*call, *claimant);
    } else {
      call->let_go();
    }
    parts_.settle(*call);
  }
  for (const CallHandle handle : std::exchange(forbidden_, {})) {
    const Call* claimant = parts_.table.find(handle);
    const auto [from, to] = taken_.equal_range(handle);
    for (auto at = from; at != to && claimant != nullptr; ++at) {
      if (Call* call = parts_.table.find(at->second)) forbid(*call, *claimant);
    }
  }
}

void UnboundMedia::forbid(Call& call, const Call& claimant) {
  const PolicyState* policy = claimant.live().policy.get();
  if (policy == nullptr || !claimant.live().is_forbidden()) return;
  if (call.forbid(policy->deciding_rule())) counters_.add(UnboundCount::kForbidden);
}

void UnboundMedia::leave_alone(const Call& call, std::int64_t timer_now_ns) {
  const LiveCall& live = call.live();
  if (!wanted_ || (!live.is_forbidden() && !live.pause)) return;
  const std::int64_t until_ns = timer_now_ns + parts_.options.media_timeout_ns;
  live.streams.for_each_ends([&](const Endpoint& source, const Endpoint& destination) {
    const auto [low, high] = std::minmax(source, destination);
    const Pair pair{live.realm, low, high};
    left_alone_.insert_or_assign(pair, until_ns);
    left_alone_until_.push_back({until_ns, pair});
  });
}

bool UnboundMedia::is_left_alone(const Pair& pair, std::int64_t timer_now_ns) {
  while (!left_alone_until_.empty() && (left_alone_until_.front().timer_ns <= timer_now_ns ||
                                        left_alone_until_.size() > calls_max())) {
    const auto at = left_alone_.find(left_alone_until_.front().pair);
    const bool is_newest =
        at != left_alone_.end() && at->second == left_alone_until_.front().timer_ns;
    if (is_newest) left_alone_.erase(at);
    left_alone_until_.pop_front();
  }
  return left_alone_.contains(pair);
}

void UnboundMedia::remove(const Call& call, std::int64_t timer_now_ns) {
  leave_alone(call, timer_now_ns);
  const CallHandle handle = call.live().handle;
  if (call.live().unbound) {
    --count_;
    const auto at = pairs_.find(pair_of(ends_of(call)));
    if (at != pairs_.end() && at->second.call == handle) erase(at);
    return;
  }
  if (taken_.empty()) return;
  const auto [from, to] = taken_.equal_range(handle);
  std::vector<CallHandle> freed;
  for (auto at = from; at != to; ++at) freed.push_back(at->second);
  taken_.erase(from, to);
  for (const CallHandle each : freed) {
    Call* taken = parts_.table.find(each);
    if (taken == nullptr) continue;
    taken->let_go();
    parts_.settle(*taken);
  }
}

}  // namespace tapdeck::calls
