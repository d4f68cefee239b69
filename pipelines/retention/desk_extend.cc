#include <algorithm>

#include "pipelines/retention/desk.h"
#include "pipelines/retention/selection.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kExtendedAtOnce = 1'000;

// What a request makes of one call.
enum class Outcome : std::uint8_t { kChanged, kUnchanged, kShorter, kRefused, kGone };

struct Judged {
  Outcome outcome = Outcome::kUnchanged;
  storage::ExtendedTimes times;
};

// Parts of the request that the call still has.  What is over goes at any moment unless it is held,
// and counts as gone.
RecordingParts parts_there(const CallRecord& call,
                           RecordingParts wanted,
                           RecordingParts erased,
                           std::int64_t now_us) {
  auto parts = static_cast<RecordingParts>(wanted & ~erased);
  const RecordingInfo& recording = call.recording;
  const bool held = !recording.legal_holds.empty();
  const auto over = [&](const std::optional<std::int64_t>& expires_us) {
    return !held && expires_us && *expires_us < now_us;
  };
  const bool media_gone = recording.lifecycle == RecordingLifecycle::kErased ||
                          recording.lifecycle == RecordingLifecycle::kExpired;
  if (media_gone || over(recording.expires_us)) {
    parts = static_cast<RecordingParts>(parts & ~kPartMedia);
  }
  if (over(recording.sip_expires_us)) parts = static_cast<RecordingParts>(parts & ~kPartSip);
  return parts;
}

Judged judge(const CallRecord& call,
             RecordingParts parts,
             std::int64_t until_us,
             std::int64_t latest_us,
             bool locked) {
  const RecordingInfo& recording = call.recording;
  if (parts == 0) return {Outcome::kGone, {}};
  if (call.state == CallState::kInProgress || until_us > latest_us) {
    return {Outcome::kRefused, {}};
  }
  Judged judged;
  bool shorter = false;
  const auto look_at = [&](RecordingParts part,
                           const std::optional<std::int64_t>& expires_us,
                           std::optional<std::int64_t>& to) {
    if ((parts & part) == 0 || !expires_us) return;
    if (until_us > *expires_us) to = until_us;
    shorter = shorter || until_us < *expires_us;
  };
  look_at(kPartMedia, recording.expires_us, judged.times.media_until_us);
  look_at(kPartSip, recording.sip_expires_us, judged.times.sip_until_us);
  look_at(kPartCdr, recording.cdr_expires_us, judged.times.cdr_until_us);
  if (judged.times != storage::ExtendedTimes{}) {
    judged.outcome = Outcome::kChanged;
  } else if (shorter) {
    judged.outcome = locked ? Outcome::kRefused : Outcome::kShorter;
  }
  return judged;
}

Result<void> check(const ExtendRequest& request, std::int64_t now_us) {
  if (request.parts == 0 || request.parts > kPartsAll) {
    return make_error(ErrorCode::kInvalidArgument, "Nothing is named that could be kept longer.");
  }
  if (request.until_us <= now_us) {
    return make_error(ErrorCode::kInvalidArgument,
                      "The new time of expiry must lie in the future.");
  }
  if (!request.confirmed && request.reason.empty()) return {};
  return check_required_text(request.reason, "a reason", kLedgerTextBytesMax);
}

}  // namespace

// Messages, or what was said about the call: they share a key.
Result<bool> RetentionDesk::has_details(const Uid& uid) {
  const bool annotated = log().look(
      [&](const storage::LedgerState& state) { return state.annotations().contains(uid); });
  if (annotated) return true;
  const auto bytes = store_.bytes_of(uid, kPartSip);
  if (!bytes) return Error(bytes.error());
  return *bytes > 0;
}

Result<ExtendAnswer> RetentionDesk::extend(const ExtendRequest& request, const LedgerActor& actor) {
  const std::int64_t now = now_us();
  TD_TRY(check(request, now));
  const std::lock_guard lock(mutex_);
  ExtendAnswer answer;
  std::uint64_t shorter = 0;
  std::vector<std::pair<Uid, storage::ExtendedTimes>> moves;
  const auto calls = reader();
  TD_TRY(for_each_selected(
      *calls, request.calls, [&](const Uid& uid, const CallRecord* call) -> Result<void> {
        const RecordingParts erased =
            log().look([&](const storage::LedgerState& state) { return state.erased_parts(uid); });
        Judged judged{Outcome::kGone, {}};
        if (call != nullptr) {
          RecordingParts parts = parts_there(*call, request.parts, erased, now);
          if ((parts & kPartSip) != 0 && call->state != CallState::kInProgress) {
            // They may have gone before they were held, or before the clock was set back.
            const auto there = has_details(uid);
            if (!there) return Error(there.error());
            if (!*there) parts = static_cast<RecordingParts>(parts & ~kPartSip);
          }
          judged =
              judge(*call, parts, request.until_us, latest_us(*call), is_locked(call->recording));
        }
        switch (judged.outcome) {
          case Outcome::kChanged:
            add_to(answer.changed, uid);
            moves.emplace_back(uid, judged.times);
            break;
          case Outcome::kShorter: ++shorter; [[fallthrough]];
          case Outcome::kUnchanged: add_to(answer.unchanged, uid); break;
          case Outcome::kRefused: add_to(answer.refused, uid); break;
          case Outcome::kGone: add_to(answer.gone, uid); break;
        }
        return {};
      }));
  if (answer.changed.count + answer.unchanged.count + answer.refused.count + answer.gone.count ==
      0) {
    return make_error(ErrorCode::kNotFound, "No call matches: nothing is kept longer.");
  }
  if (shorter > 0 && moves.empty() && answer.refused.count == 0) {
    return make_error(ErrorCode::kInvalidArgument,
                      "This would keep " + std::to_string(shorter) +
                          " calls for a shorter time than now: an extension only lengthens. What "
                          "is to go earlier is erased.");
  }
  if (!request.confirmed || moves.empty()) return answer;
  TD_TRY(finish());
  for (std::span<const std::pair<Uid, storage::ExtendedTimes>> left = moves; !left.empty();) {
    const auto some = left.first(std::min(kExtendedAtOnce, left.size()));
    left = left.subspan(some.size());
    std::vector<storage::LedgerEntry> entries;
    for (const auto& [uid, times] : some) {
      entries.push_back({.uid = uid,
                         .time_us = now,
                         .content = Extension{actor,
                                              request.reason,
                                              times.media_until_us,
                                              times.sip_until_us,
                                              times.cdr_until_us}});
    }
    unfinished_ = true;
    const auto committed = commit_all(entries);
    if (!committed) return Error(committed.error());
    for (const auto& [uid, times] : some) TD_TRY(store_.move_expiry(uid, times));
    TD_TRY(mark_finished());
  }
  answer.done = true;
  return answer;
}

// As the journal has it by now: times only grow.
Result<void> RetentionDesk::move_again(std::span<const Uid> calls) {
  for (const Uid& uid : calls) {
    const storage::ExtendedTimes times = log().look([&](const storage::LedgerState& state) {
      const auto found = state.extended().find(uid);
      return found == state.extended().end() ? storage::ExtendedTimes{} : found->second;
    });
    if (times == storage::ExtendedTimes{}) continue;
    const auto moved = store_.move_expiry(uid, times);
    if (!moved && moved.error().code != ErrorCode::kNotFound) return Error(moved.error());
  }
  return {};
}

}  // namespace tapdeck::retention
