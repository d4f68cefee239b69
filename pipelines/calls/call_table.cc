#include "pipelines/calls/call_table.h"

#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace tapdeck::calls {

CallTable::CallTable(std::uint32_t calls_max, std::uint64_t seed)
    : calls_max_(calls_max), seed_(seed), slots_(1) {}

std::uint64_t CallTable::hash_of(RealmId realm, std::string_view call_id) const {
  return hash_text(call_id, seed_ ^ realm);
}

// HashIndex::kNone when there is none.
std::uint32_t CallTable::find_slot(std::uint64_t hash,
                                   RealmId realm,
                                   std::string_view call_id) const {
  return by_call_id_.find(hash, [&](std::uint32_t index) {
    const LiveCall& live = slots_[index].call->live();
    return live.realm == realm && live.call_id == call_id;
  });
}

void CallTable::append(CallWorth worth, std::uint32_t index) {
  List& list = list_of(worth);
  Slot& slot = slots_[index];
  slot.worth = worth;
  slot.before = list.last;
  slot.behind = 0;
  (list.last == 0 ? list.first : slots_[list.last].behind) = index;
  list.last = index;
}

void CallTable::unlink(std::uint32_t index) {
  const Slot& slot = slots_[index];
  List& list = list_of(slot.worth);
  (slot.before == 0 ? list.first : slots_[slot.before].behind) = slot.behind;
  (slot.behind == 0 ? list.last : slots_[slot.behind].before) = slot.before;
}

CallHandle CallTable::next_handle() const {
  if (free_.empty()) return {static_cast<std::uint32_t>(slots_.size()), 1};
  return {free_.back(), slots_[free_.back()].generation};
}

Call& CallTable::add(std::unique_ptr<Call> call) {
  TD_ASSERT(!full());
  const CallHandle handle = next_handle();
  TD_ASSERT(call->live().handle == handle);
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    free_.pop_back();
  }
  const LiveCall& live = call->live();
  const std::uint64_t hash = hash_of(live.realm, live.call_id);
  const std::uint32_t earlier = find_slot(hash, live.realm, live.call_id);
  if (earlier != HashIndex::kNone) {
    by_call_id_.remove(hash, earlier);
    slots_[earlier].named = false;
  }
  by_call_id_.add(hash, handle.index);
  Slot& slot = slots_[handle.index];
  slot.call = std::move(call);
  slot.hash = hash;
  slot.named = true;
  append(CallWorth::kIdle, handle.index);
  ++open_count_;
  return *slot.call;
}

void CallTable::remove(CallHandle handle) {
  TD_ASSERT(find(handle) != nullptr);
  Slot& slot = slots_[handle.index];
  if (slot.named) by_call_id_.remove(slot.hash, handle.index);
  unlink(handle.index);
  slot.call.reset();
  ++slot.generation;
  free_.push_back(handle.index);
  --open_count_;
}

Call* CallTable::find(CallHandle handle) const {
  if (handle.is_none() || handle.index >= slots_.size()) return nullptr;
  const Slot& slot = slots_[handle.index];
  return slot.generation == handle.generation ? slot.call.get() : nullptr;
}

std::uint32_t CallTable::guess_slot(std::uint64_t hash) const {
  const std::uint32_t index = by_call_id_.find(hash, [](std::uint32_t) { return true; });
  return index == HashIndex::kNone ? 0 : index;
}

const Call* CallTable::guess_call(std::uint32_t slot) const {
  return slot < slots_.size() ? slots_[slot].call.get() : nullptr;
}

Call* CallTable::find(std::uint64_t hash, RealmId realm, std::string_view call_id) const {
  const std::uint32_t index = find_slot(hash, realm, call_id);
  return index == HashIndex::kNone ? nullptr : slots_[index].call.get();
}

void CallTable::mark(CallHandle handle, CallWorth worth) {
  if (find(handle) == nullptr || slots_[handle.index].worth == worth) return;
  unlink(handle.index);
  append(worth, handle.index);
}

std::vector<FloodVictims::Entry> CallTable::oldest_of(CallWorth worth) const {
  std::vector<FloodVictims::Entry> oldest;
  for (std::uint32_t index = list_of(worth).first;
       index != 0 && oldest.size() < FloodVictims::kLookedAtMax;
       index = slots_[index].behind) {
    const Slot& slot = slots_[index];
    oldest.push_back({slot.call->live().parties.first_address(), index, slot.generation});
  }
  return oldest;
}

CallHandle CallTable::least_useful() {
  for (const CallWorth worth : {CallWorth::kIdle, CallWorth::kRinging}) {
    if (list_of(worth).first == 0) continue;
    for (int attempt = 0; attempt < 2; ++attempt) {
      while (victims_worth_ == worth) {
        const auto victim = victims_.next();
        if (!victim) break;
        const Slot& slot = slots_[victim->index];
        const bool is_there = slot.generation == victim->generation && slot.worth == worth;
        if (is_there && slot.call) return {victim->index, victim->generation};
      }
      victims_worth_ = worth;
      victims_.plan(oldest_of(worth));
    }
  }
  const std::uint32_t index = list_of(CallWorth::kAnswered).first;
  if (index == 0) return {};
  return {index, slots_[index].generation};
}

std::vector<CallHandle> CallTable::handles() const {
  std::vector<CallHandle> handles;
  for (std::uint32_t i = 1; i < slots_.size(); ++i) {
    if (slots_[i].call) handles.push_back({i, slots_[i].generation});
  }
  return handles;
}

}  // namespace tapdeck::calls
