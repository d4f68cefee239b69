#include "pipelines/calls/call_table.h"

#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace tapdeck::calls {

std::size_t CallTable::KeyHash::operator()(const Key& key) const {
  return static_cast<std::size_t>(hash_text(key.call_id, seed ^ key.realm));
}

CallTable::CallTable(std::uint32_t calls_max, std::uint64_t seed)
    : calls_max_(calls_max), slots_(1), by_call_id_(16, KeyHash{seed}) {}

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
  Slot& slot = slots_[handle.index];
  slot.call = std::move(call);
  slot.age = ++next_age_;
  slot.answered = false;
  unanswered_.insert({slot.age, handle.index});
  const Key key{slot.call->live().realm, slot.call->live().call_id};
  by_call_id_.erase(key);  // the key of an earlier call borrows that call's text
  by_call_id_.emplace(key, handle.index);
  ++open_count_;
  return *slot.call;
}

void CallTable::remove(CallHandle handle) {
  TD_ASSERT(find(handle) != nullptr);
  Slot& slot = slots_[handle.index];
  const auto named = by_call_id_.find({slot.call->live().realm, slot.call->live().call_id});
  // A later call may have taken the Call-ID over.
  if (named != by_call_id_.end() && named->second == handle.index) by_call_id_.erase(named);
  (slot.answered ? answered_ : unanswered_).erase({slot.age, handle.index});
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

Call* CallTable::find(RealmId realm, std::string_view call_id) const {
  const auto found = by_call_id_.find({realm, call_id});
  return found == by_call_id_.end() ? nullptr : slots_[found->second].call.get();
}

void CallTable::mark_answered(CallHandle handle) {
  if (find(handle) == nullptr || slots_[handle.index].answered) return;
  Slot& slot = slots_[handle.index];
  slot.answered = true;
  unanswered_.erase({slot.age, handle.index});
  answered_.insert({slot.age, handle.index});
}

CallHandle CallTable::least_useful() const {
  const AgeList& list = unanswered_.empty() ? answered_ : unanswered_;
  if (list.empty()) return {};
  const std::uint32_t index = list.begin()->second;
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
