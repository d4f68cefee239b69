#include "control/follow.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace tapdeck::control {
namespace {

// A call enters the log when it is answered or over, some time after the start it is filed under.
constexpr std::int64_t kLatestEntryUs = 10 * 60 * kUsPerSecond;
// Calls in progress when following begins started at most so long ago.
constexpr std::int64_t kLongestCallUs = 12 * 3'600 * kUsPerSecond;
constexpr std::uint32_t kPageCalls = 1'000;
constexpr std::size_t kOpenCallsPerPoll = 2'000;

}  // namespace

Follower::Follower(storage::StoreAccess& store, CallQuery filters, std::int64_t now_us)
    : store_(store), filters_(std::move(filters)), started_us_(now_us) {}

Result<void> Follower::start() {
  auto present = find_unseen(started_us_ - kLongestCallUs);
  if (!present) return Error(present.error());
  return {};
}

Result<std::vector<CallRecord>> Follower::poll(std::int64_t now_us) {
  auto found = find_unseen(now_us - kLatestEntryUs);
  if (!found) return found;
  TD_TRY(find_finished(*found));
  forget_before(now_us - kLatestEntryUs);
  std::sort(found->begin(), found->end(), [](const CallRecord& left, const CallRecord& right) {
    return std::pair(left.key_time_us(), left.uid) < std::pair(right.key_time_us(), right.uid);
  });
  return found;
}

Result<std::vector<CallRecord>> Follower::find_unseen(std::int64_t since_us) {
  std::vector<CallRecord> unseen;
  CallQuery query = filters_;
  query.from_us = std::max(since_us, filters_.from_us.value_or(since_us));
  query.limit = kPageCalls;
  do {
    auto page = store_.find_calls(query);
    if (!page) return Error(page.error());
    for (CallRecord& call : page->calls) {
      if (seen_.emplace(call.uid, call.final).second) unseen.push_back(std::move(call));
    }
    query.cursor = std::move(page->next_cursor);
  } while (!query.cursor.empty());
  return unseen;
}

// Looks at calls in progress in turn, at most kOpenCallsPerPoll of them.
Result<void> Follower::find_finished(std::vector<CallRecord>& found) {
  std::size_t looked_at = 0;
  auto at = seen_.lower_bound(next_open_);
  for (; at != seen_.end() && looked_at < kOpenCallsPerPoll; ++at) {
    if (at->second) continue;
    ++looked_at;
    auto call = store_.get_call(at->first);
    if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
    if (call && !call->final) continue;
    at->second = true;
    if (!call) continue;
    // Told as new in this very poll: its later state takes the place.
    std::erase_if(found, [&](const CallRecord& other) { return other.uid == call->uid; });
    if (matches(filters_, *call)) found.push_back(std::move(*call));
  }
  next_open_ = at == seen_.end() ? Uid{} : at->first;
  return {};
}

void Follower::forget_before(std::int64_t time_us) {
  const std::int64_t time_ms = time_us / kUsPerMs - 1'000;
  for (auto at = seen_.begin(); at != seen_.end() && at->first.start_ms() < time_ms;) {
    at = at->second ? seen_.erase(at) : std::next(at);
  }
}

}  // namespace tapdeck::control
