#include "pipelines/calls/finished_calls.h"

#include "base/hash.h"

namespace tapdeck::calls {

std::uint64_t FinishedCalls::key_of(RealmId realm, std::string_view call_id) const {
  return hash_text(call_id, seed_ ^ realm);
}

void FinishedCalls::drop_oldest() {
  keys_.remove(entries_.front().key, 0);
  entries_.pop_front();
}

void FinishedCalls::add(RealmId realm, std::string_view call_id, std::int64_t until_timer_ns) {
  const std::uint64_t key = key_of(realm, call_id);
  keys_.add(key, 0);
  entries_.push_back({key, until_timer_ns});
  if (entries_.size() > count_max_) drop_oldest();
}

bool FinishedCalls::contains(RealmId realm, std::string_view call_id, std::int64_t timer_now_ns) {
  while (!entries_.empty() && entries_.front().until_ns <= timer_now_ns) drop_oldest();
  const auto is_it = [](std::uint32_t) { return true; };
  return keys_.find(key_of(realm, call_id), is_it) != HashIndex::kNone;
}

void PastCalls::add(RealmId realm, std::string_view call_id, const Ending& ending) {
  finished_.add(realm, call_id, ending.repeats_until_ns);
  if (ending.fell_silent) fell_silent_.add(realm, call_id, ending.silent_until_ns);
}

}  // namespace tapdeck::calls
