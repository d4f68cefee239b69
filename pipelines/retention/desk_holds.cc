#include <algorithm>

#include "pipelines/retention/desk.h"
#include "pipelines/retention/selection.h"

namespace tapdeck::retention {
namespace {

bool holds_it(const storage::LedgerState& state, const Uid& uid, const std::string& matter) {
  const std::vector<std::string> matters = state.matters_of(uid);
  return std::binary_search(matters.begin(), matters.end(), matter);
}

Result<void> check(const HoldRequest& request) {
  TD_TRY(check_required_text(request.matter, "a matter", kLedgerNameBytesMax));
  TD_TRY(check_required_text(request.reason, "a reason", kLedgerTextBytesMax));
  TD_TRY(check_selection(request.calls));
  if (request.future && !request.calls.query) {
    return make_error(ErrorCode::kInvalidArgument,
                      "Calls to come are held by filters; uids name calls that have been.");
  }
  return {};
}

// One query as it stands in the journal.
CallQuery as_filter(CallQuery query) {
  query.limit = 0;
  query.cursor.clear();
  return query;
}

}  // namespace

Result<void> RetentionDesk::collect(const HoldRequest& request,
                                    HoldAnswer& answer,
                                    std::vector<Uid>& found) {
  NamedCalls missing;
  const auto calls = reader();
  TD_TRY(for_each_selected(
      *calls, request.calls, [&](const Uid& uid, const CallRecord* call) -> Result<void> {
        if (call == nullptr) {
          add_to(missing, uid);
          return {};
        }
        found.push_back(uid);
        const RecordingInfo& recording = call->recording;
        if (recording.state == RecordingState::kNotRecorded) add_to(answer.not_recorded, uid);
        if (recording.lifecycle == RecordingLifecycle::kErased ||
            recording.lifecycle == RecordingLifecycle::kExpired) {
          add_to(answer.gone, uid);
        }
        return {};
      }));
  if (missing.count > 0) {
    return make_error(ErrorCode::kNotFound,
                      "Nothing is held, since there is no such call: " + list_text(missing) + ".");
  }
  if (found.empty() && !request.future) {
    return make_error(ErrorCode::kNotFound, "No call matches: nothing is held.");
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  log().look([&](const storage::LedgerState& state) {
    for (const Uid& uid : found) {
      add_to(holds_it(state, uid, request.matter) ? answer.already_held : answer.held, uid);
    }
    return true;
  });
  return {};
}

// The first entry of an order has its reason; those behind it name it.  A sequence of 0 on entry
// stands for none yet.
Result<void> RetentionDesk::commit_uids(Hold hold,
                                        std::span<const Uid> uids,
                                        std::uint64_t& sequence) {
  std::vector<storage::LedgerEntry> entries;
  while (!uids.empty()) {
    const auto some = uids.first(std::min(kLedgerUidsMax, uids.size()));
    hold.uids.assign(some.begin(), some.end());
    uids = uids.subspan(some.size());
    entries.push_back({.time_us = now_us(), .content = hold});
    if (hold.matched_hold) continue;
    const auto first = commit_all(entries);
    if (!first) return Error(first.error());
    sequence = *first;
    hold.matched_hold = sequence;
    entries.clear();
  }
  const auto rest = commit_all(entries);
  if (!rest) return Error(rest.error());
  return {};
}

Result<HoldAnswer> RetentionDesk::hold(const HoldRequest& request, const LedgerActor& actor) {
  TD_TRY(check(request));
  const std::lock_guard lock(mutex_);
  HoldAnswer answer;
  Hold hold{actor, request.matter, request.reason, {}, {}, {}};
  if (request.future) {
    // First what is to come, then what is there: a call that is stored meanwhile is one of both.
    Hold order = hold;
    order.future = as_filter(*request.calls.query);
    const auto committed = log().commit({.time_us = now_us(), .content = std::move(order)});
    if (!committed) return Error(committed.error());
    answer.sequence = *committed;
    hold.matched_hold = answer.sequence;
    future_.refresh();
  }
  std::vector<Uid> found;
  TD_TRY(collect(request, answer, found));
  TD_TRY(commit_uids(std::move(hold), found, answer.sequence));
  return answer;
}

Result<std::vector<Uid>> RetentionDesk::to_release(const ReleaseRequest& request) {
  std::vector<Uid> uids;
  const bool known = log().look([&](const storage::LedgerState& state) {
    if (!state.matters().contains(request.matter)) return false;
    if (!request.calls) uids = state.held_by(request.matter);
    return true;
  });
  if (!known) {
    return make_error(ErrorCode::kNotFound,
                      "There is no hold of the matter \"" + request.matter + "\".");
  }
  if (!request.calls) return uids;
  const auto calls = reader();
  TD_TRY(for_each_selected(
      *calls, *request.calls, [&](const Uid& uid, const CallRecord*) -> Result<void> {
        uids.push_back(uid);
        return {};
      }));
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  log().look([&](const storage::LedgerState& state) {
    return std::erase_if(uids,
                         [&](const Uid& uid) { return !holds_it(state, uid, request.matter); });
  });
  if (uids.empty()) {
    return make_error(ErrorCode::kNotFound,
                      "The matter \"" + request.matter + "\" holds none of these calls.");
  }
  return uids;
}

Result<ReleaseAnswer> RetentionDesk::release(const ReleaseRequest& request,
                                             const LedgerActor& actor) {
  TD_TRY(check_required_text(request.matter, "a matter", kLedgerNameBytesMax));
  TD_TRY(check_required_text(request.reason, "a reason", kLedgerTextBytesMax));
  const std::lock_guard lock(mutex_);
  const auto uids = to_release(request);
  if (!uids) return Error(uids.error());
  std::vector<storage::LedgerEntry> entries;
  Release release{actor, request.matter, request.reason, !request.calls, {}};
  std::span<const Uid> left = release.whole ? std::span<const Uid>() : *uids;
  do {
    const auto some = left.first(std::min(kLedgerUidsMax, left.size()));
    release.uids.assign(some.begin(), some.end());
    left = left.subspan(some.size());
    entries.push_back({.time_us = now_us(), .content = release});
  } while (!left.empty());
  const auto sequence = commit_all(entries);
  future_.refresh();
  if (!sequence) return Error(sequence.error());
  ReleaseAnswer answer{.sequence = *sequence, .released = uids->size()};
  answer.still_held = log().look([&](const storage::LedgerState& state) {
    return static_cast<std::uint64_t>(std::count_if(
        uids->begin(), uids->end(), [&](const Uid& uid) { return state.is_held(uid); }));
  });
  return answer;
}

Result<std::vector<HoldRow>> RetentionDesk::holds() {
  return log().look([](const storage::LedgerState& state) -> Result<std::vector<HoldRow>> {
    std::vector<HoldRow> rows;
    for (const auto& [name, matter] : state.matters()) {
      HoldRow& row = rows.emplace_back();
      row.matter = name;
      row.held = matter.held;
      for (const storage::HoldOrder& order : matter.orders) {
        row.orders.push_back(
            {order.sequence, order.time_us, order.actor.name, order.reason, order.future});
      }
    }
    return rows;
  });
}

}  // namespace tapdeck::retention
