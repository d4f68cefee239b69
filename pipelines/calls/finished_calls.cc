#include "pipelines/calls/finished_calls.h"

#include "base/hash.h"

namespace tapdeck::calls {

std::uint64_t FinishedCalls::key_of(RealmId realm, std::string_view call_id) const {
  return hash_text(call_id, seed_ ^ realm);
}

void FinishedCalls::drop_oldest() {
  const Entry& oldest = entries_.front();
  const auto found = until_.find(oldest.key);
  // The same Call-ID may have finished again later.
  if (found != until_.end() && found->second == oldest.until_ns) until_.erase(found);
  entries_.pop_front();
}

void FinishedCalls::add(RealmId realm, std::string_view call_id, std::int64_t until_timer_ns) {
  const std::uint64_t key = key_of(realm, call_id);
  until_[key] = until_timer_ns;
  entries_.push_back({key, until_timer_ns});
  if (entries_.size() > count_max_) drop_oldest();
}

bool FinishedCalls::contains(RealmId realm, std::string_view call_id, std::int64_t timer_now_ns) {
  while (!entries_.empty() && entries_.front().until_ns <= timer_now_ns) drop_oldest();
  return until_.contains(key_of(realm, call_id));
}

}  // namespace tapdeck::calls
