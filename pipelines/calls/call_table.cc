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

void CallTable::append(List& list, std::uint32_t index) {
  Slot& slot = slots_[index];
  slot.before = list.last;
  slot.behind = 0;
  (list.last == 0 ? list.first : slots_[list.last].behind) = index;
  list.last = index;
}

void CallTable::unlink(List& list, std::uint32_t index) {
  const Slot& slot = slots_[index];
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
  slot.answered = false;
  slot.named = true;
  append(unanswered_, handle.index);
  ++open_count_;
  return *slot.call;
}

void CallTable::remove(CallHandle handle) {
  TD_ASSERT(find(handle) != nullptr);
  Slot& slot = slots_[handle.index];
  if (slot.named) by_call_id_.remove(slot.hash, handle.index);
  unlink(slot.answered ? answered_ : unanswered_, handle.index);
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

void CallTable::mark_answered(CallHandle handle) {
  if (find(handle) == nullptr || slots_[handle.index].answered) return;
  slots_[handle.index].answered = true;
  unlink(unanswered_, handle.index);
  append(answered_, handle.index);
}

CallHandle CallTable::least_useful() const {
  const std::uint32_t index = unanswered_.first != 0 ? unanswered_.first : answered_.first;
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
