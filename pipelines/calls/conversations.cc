#include "pipelines/calls/conversations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "pipelines/calls/allowance.h"
#include "pipelines/calls/call.h"
#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/siprec_metadata.h"

namespace tapdeck::calls {
namespace {

// Two UUIDs and an icid for each leg, and something beside.
constexpr std::size_t kKeysPerLeg = 4;

constexpr std::array<std::string_view, 5> kMethods = {
    "session_id", "icid", "header", "replaces", "transfer"};

bool is_weak(JoinMethod method) {
  return method == JoinMethod::kIcid || method == JoinMethod::kHeader;
}

std::uint64_t hash_uuid(std::string_view uuid, std::uint64_t seed) {
  std::array<char, sip::kSessionUuidBytes> lower{};
  std::transform(uuid.begin(), uuid.end(), lower.begin(), sip::to_lower);
  return hash_text({lower.data(), lower.size()}, seed);
}

}  // namespace

std::string_view join_method_name(JoinMethod method) {
  return kMethods[static_cast<std::size_t>(method)];
}

std::string_view known_join_method(std::string_view name) {
  const auto* const found = std::find(kMethods.begin(), kMethods.end(), name);
  return found == kMethods.end() ? std::string_view() : *found;
}

Conversations::Conversations(const ConversationOptions& options, FindCall find, std::uint64_t seed)
    : options_(options), find_(std::move(find)), seed_(seed), slots_(1) {}

std::uint32_t Conversations::find(std::uint64_t hash) const {
  const std::uint32_t at = by_key_.find(hash, [](std::uint32_t) { return true; });
  return at == HashIndex::kNone ? 0 : at;
}

Conversations::Key* Conversations::key_at(Conversation& conversation, std::uint64_t hash) {
  const auto found = std::find_if(conversation.keys.begin(),
                                  conversation.keys.end(),
                                  [hash](const Key& key) { return key.hash == hash; });
  return found == conversation.keys.end() ? nullptr : &*found;
}

void Conversations::note(Call& call, const MessageFacts& facts, std::int64_t timer_now_ns) {
  timer_now_ns_ = timer_now_ns;
  expire();
  const auto seed_of = [this](JoinMethod method) {
    return seed_ + static_cast<std::uint64_t>(method);
  };
  if (facts.claims != nullptr && facts.claims->session) {
    note_session_id(call, *facts.claims->session);
  }
  // Within a dialog they may change, and then tell nothing of the call.
  if (facts.method != sip::Method::kInvite || !facts.is_request || !facts.to_tag.empty()) return;
  if (facts.metadata != nullptr) note_recorded(call, *facts.metadata);
  if (facts.claims == nullptr) return;
  const ClaimsFacts& claims = *facts.claims;
  if (claims.charging) {
    note_key(call,
             {hash_text(claims.charging->icid, seed_of(JoinMethod::kIcid)), JoinMethod::kIcid});
  }
  for (const HeaderFacts& header : claims.conversation_headers) {
    const std::uint64_t seed = mix64(seed_of(JoinMethod::kHeader), header.index + 1);
    note_key(call, {hash_text(header.value, seed), JoinMethod::kHeader});
  }
}

void Conversations::note_session_id(Call& call, const sip::SessionIdField& session) {
  const std::uint64_t seed = seed_ + static_cast<std::uint64_t>(JoinMethod::kSessionId);
  for (const std::string_view uuid : {session.local, session.remote}) {
    if (!uuid.empty()) note_key(call, {hash_uuid(uuid, seed), JoinMethod::kSessionId});
  }
}

// A recording session belongs to the call that it begins with; it may go on with others.
void Conversations::note_recorded(Call& call, const sip::RecordingMetadata& metadata) {
  if (const auto session = sip::parse_session_id(metadata.session_id)) {
    note_session_id(call, *session);
  }
}

void Conversations::note_key(Call& call, const Key& key) {
  const std::uint32_t at = find(key.hash);
  if (at != 0 && at == call.conversation_slot) return;
  if (at == 0) {
    if (call.conversation_slot == 0) call.conversation_slot = open(call);
    if (call.conversation_slot != 0) add_key(call.conversation_slot, key);
    return;
  }
  Key* const known = key_at(slots_[at], key.hash);
  if (known == nullptr) return;
  if (known->worn) {
    touch(at);
    if (call.conversation_slot == 0) refuse(call, at, *known);
  } else if (call.conversation_slot != 0) {
    const bool contradicts =
        is_weak(key.method) && slots_[at].has_session && slots_[call.conversation_slot].has_session;
    if (!contradicts && !merge(call.conversation_slot, at, key)) known->worn = true;
  } else if (slots_[at].joined >= options_.legs_max) {
    refuse(call, at, *known);
  } else {
    enter(call, at, key);
  }
}

void Conversations::add_key(std::uint32_t at, const Key& key) {
  Conversation& conversation = slots_[at];
  if (conversation.keys.size() >= kKeysPerLeg * options_.legs_max) return;
  conversation.keys.push_back(key);
  conversation.has_session = conversation.has_session || key.method == JoinMethod::kSessionId;
  by_key_.add(key.hash, at);
}

std::uint32_t Conversations::open(Call& call) {
  while (figures_.known >= options_.conversations_max) {
    if (idle_first_ == 0) return 0;
    ++figures_.evicted;
    forget(idle_first_);
  }
  std::uint32_t at = 0;
  if (free_.empty()) {
    at = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  ++figures_.known;
  Conversation& conversation = slots_[at];
  ConversationPlace place = call.live().conversation;
  if (!place.id) place = {.id = call.live().uid, .joined_by = {}, .refused = false};
  conversation.id = *place.id;  // of an earlier process, where the call is continued
  conversation.legs.push_back({call.live().handle, 0});
  conversation.joined = 1;
  call.set_conversation(place);
  return at;
}

// Whoever was alone until now is told what joined the others to it.
void Conversations::name_first(Conversation& conversation, JoinMethod method) {
  for (const Leg& leg : conversation.legs) {
    Call* call = find_(leg.call);
    if (call == nullptr || !call->live().conversation.joined_by.empty()) continue;
    call->set_conversation({conversation.id, join_method_name(method), false});
  }
}

void Conversations::enter(Call& call, std::uint32_t at, const Key& key) {
  Conversation& conversation = slots_[at];
  if (conversation.legs.empty()) unlink_idle(at);
  if (conversation.joined == 1) name_first(conversation, key.method);
  conversation.legs.push_back({call.live().handle, key.hash});
  ++conversation.joined;
  ++figures_.joined;
  call.conversation_slot = at;
  call.set_conversation({conversation.id, join_method_name(key.method), false});
}

void Conversations::refuse(Call& call, std::uint32_t at, Key& key) {
  if (!call.live().conversation.refused) ++figures_.refused;
  call.set_conversation({std::nullopt, join_method_name(key.method), true});
  if (key.worn) return;
  key.worn = true;
  if (is_weak(key.method)) part(at, Key(key));
}

// The legs that `key` joined are none; the first call remains.
void Conversations::part(std::uint32_t at, const Key& key) {
  Conversation& conversation = slots_[at];
  const auto is_parted = [&](const Leg& leg) {
    if (leg.joined_by != key.hash) return false;
    --conversation.joined;
    if (Call* call = find_(leg.call)) {
      ++figures_.refused;
      call->conversation_slot = 0;
      call->set_conversation({std::nullopt, join_method_name(key.method), true});
    }
    return true;
  };
  auto& legs = conversation.legs;
  legs.erase(std::remove_if(legs.begin(), legs.end(), is_parted), legs.end());
  if (legs.size() == 1) {
    if (Call* call = find_(legs.front().call)) call->set_conversation({conversation.id, {}, false});
  }
  if (legs.empty()) link_idle(at);
}

bool Conversations::merge(std::uint32_t a, std::uint32_t b, const Key& key) {
  if (slots_[a].joined + slots_[b].joined > options_.legs_max) {
    ++figures_.refused;
    return false;
  }
  // The one that began first keeps its name.
  if (slots_[b].id < slots_[a].id) std::swap(a, b);
  Conversation& kept = slots_[a];
  Conversation& other = slots_[b];
  if (kept.legs.empty() && !other.legs.empty()) unlink_idle(a);
  if (other.legs.empty()) unlink_idle(b);
  name_first(kept, key.method);
  for (const Leg& leg : other.legs) {
    kept.legs.push_back({leg.call, leg.joined_by == 0 ? key.hash : leg.joined_by});
    Call* call = find_(leg.call);
    if (call == nullptr) continue;
    const std::string_view by = call->live().conversation.joined_by;
    call->conversation_slot = a;
    call->set_conversation({kept.id, by.empty() ? join_method_name(key.method) : by, false});
  }
  for (const Interval& paused : other.paused) note_paused(kept, paused);
  kept.joined += other.joined;
  for (const Key& each : other.keys) {
    by_key_.remove(each.hash, b);
    add_key(a, each);
  }
  figures_.joined += other.joined;
  ++figures_.merged;
  other = Conversation{};
  free_.push_back(b);
  --figures_.known;
  return true;
}

void Conversations::join(Call& call, Call& other, JoinMethod method, std::int64_t timer_now_ns) {
  if (&call == &other) return;
  timer_now_ns_ = timer_now_ns;
  expire();
  for (Call* each : {&other, &call}) {
    if (each->conversation_slot == 0) each->conversation_slot = open(*each);
    if (each->conversation_slot == 0) return;
  }
  if (call.conversation_slot == other.conversation_slot) return;
  merge(other.conversation_slot, call.conversation_slot, {0, method});
}

void Conversations::remove(const Call& call, std::int64_t timer_now_ns) {
  const std::uint32_t at = call.conversation_slot;
  if (at == 0) return;
  timer_now_ns_ = timer_now_ns;
  auto& legs = slots_[at].legs;
  const CallHandle handle = call.live().handle;
  legs.erase(std::remove_if(
                 legs.begin(), legs.end(), [handle](const Leg& leg) { return leg.call == handle; }),
             legs.end());
  for (const Interval& paused : call.live().kept.over_by(call.live().times.ended_ns))
    note_paused(slots_[at], paused);
  if (legs.empty()) link_idle(at);
}

// Legs have the same ones.  What there is no room for becomes part of the last one.
void Conversations::note_paused(Conversation& conversation, const Interval& paused) {
  auto& all = conversation.paused;
  const auto known = std::ranges::find(all, paused.from_ns, &Interval::from_ns);
  if (known != all.end()) {
    known->to_ns = std::max(known->to_ns, paused.to_ns);
  } else if (all.size() < kPausedMax) {
    all.push_back(paused);
  } else {
    all.back().from_ns = std::min(all.back().from_ns, paused.from_ns);
    all.back().to_ns = std::max(all.back().to_ns, paused.to_ns);
  }
}

std::vector<Interval> Conversations::paused_before(const Call& call) const {
  const auto& paused = slots_[call.conversation_slot].paused;
  return {paused.begin(), paused.end()};
}

void Conversations::touch(std::uint32_t at) {
  if (!slots_[at].legs.empty()) return;
  unlink_idle(at);
  link_idle(at);
}

void Conversations::expire() {
  while (idle_first_ != 0 &&
         slots_[idle_first_].idle_since_ns + options_.keep_ns <= timer_now_ns_) {
    forget(idle_first_);
  }
}

void Conversations::forget(std::uint32_t at) {
  unlink_idle(at);
  for (const Key& key : slots_[at].keys) by_key_.remove(key.hash, at);
  slots_[at] = Conversation{};
  free_.push_back(at);
  --figures_.known;
}

void Conversations::link_idle(std::uint32_t at) {
  Conversation& conversation = slots_[at];
  conversation.idle_since_ns = timer_now_ns_;
  conversation.before = idle_last_;
  conversation.behind = 0;
  (idle_last_ == 0 ? idle_first_ : slots_[idle_last_].behind) = at;
  idle_last_ = at;
}

void Conversations::unlink_idle(std::uint32_t at) {
  const Conversation& conversation = slots_[at];
  (conversation.before == 0 ? idle_first_ : slots_[conversation.before].behind) =
      conversation.behind;
  (conversation.behind == 0 ? idle_last_ : slots_[conversation.behind].before) =
      conversation.before;
}

std::vector<CallHandle> Conversations::legs_of(const Call& call) const {
  if (call.conversation_slot == 0) return {call.live().handle};
  std::vector<CallHandle> legs;
  for (const Leg& leg : slots_[call.conversation_slot].legs) legs.push_back(leg.call);
  return legs;
}

ConversationFigures Conversations::figures() const { return figures_; }

}  // namespace tapdeck::calls
