#include <algorithm>
#include <utility>

#include "base/log.h"
#include "pipelines/retention/desk_due.h"
#include "pipelines/retention/desk_values.h"

namespace tapdeck::retention {
namespace {

// Held parts that one step looks at and leaves: so many pages of what is due.
constexpr std::size_t kDuePagesAtOnce = 16;

}  // namespace

bool outlives_record(const CallRecord& call,
                     RecordingParts going,
                     RecordingParts erased,
                     std::int64_t now_us) {
  const RecordingInfo& recording = call.recording;
  const auto later = [now_us](const std::optional<std::int64_t>& expires_us) {
    return !expires_us || *expires_us > now_us;
  };
  const auto gone = static_cast<RecordingParts>(going | erased);
  const bool media_there = recording.lifecycle == RecordingLifecycle::kPresent ||
                           recording.lifecycle == RecordingLifecycle::kHeld;
  if ((gone & kPartMedia) == 0 && media_there && later(recording.expires_us)) return true;
  return (gone & kPartSip) == 0 && later(recording.sip_expires_us);
}

// Held parts stay due: they go as soon as they are released.
Result<void> RetentionDesk::take_due(std::span<const storage::DueParts> rows, Due& due) {
  log().look([&](const storage::LedgerState& state) {
    for (const storage::DueParts& row : rows) {
      if (state.is_held(row.what.uid)) {
        due.held.insert(row.what.uid);
        continue;
      }
      RecordingParts& parts = due.going[row.what.uid];
      parts = static_cast<RecordingParts>(parts | row.what.parts);
    }
    return true;
  });
  return {};
}

// What of the call, of which `going` goes, has a row of its own that is over, too.
Result<RecordingParts> RetentionDesk::also_due(const CallRecord& call,
                                               RecordingParts going,
                                               std::int64_t now_us) {
  RecordingParts found = 0;
  const RecordingInfo& recording = call.recording;
  for (const auto& [part, expires_us] : {std::pair{kPartMedia, recording.expires_us},
                                         std::pair{kPartSip, recording.sip_expires_us}}) {
    if ((going & part) != 0 || !expires_us || *expires_us > now_us) continue;
    const auto rows = store_.due(*expires_us + 1, 1, storage::DueParts{*expires_us, {call.uid, 0}});
    if (!rows) return Error(rows.error());
    if (rows->empty() || rows->front().what.uid != call.uid) continue;
    found = static_cast<RecordingParts>(found | rows->front().what.parts);
  }
  return found;
}

// A record leads to what else there is of its call: it goes last, or with all of that.
Result<void> RetentionDesk::keep_records(Due& due) {
  std::vector<Uid> uids;
  for (const auto& [uid, parts] : due.going) uids.push_back(uid);
  const auto calls = store_.get_terms(uids);
  if (!calls) return Error(calls.error());
  for (const CallRecord& call : *calls) {
    due.classes[call.uid] = call.recording.retention_class;
    const auto going = due.going.find(call.uid);
    RecordingParts& parts = going->second;
    if ((parts & kPartCdr) == 0) continue;
    const RecordingParts erased = log().look(
        [&call](const storage::LedgerState& state) { return state.erased_parts(call.uid); });
    if (!outlives_record(call, parts, erased, due.now_us)) {
      const auto others = also_due(call, parts, due.now_us);
      if (!others) return Error(others.error());
      parts = static_cast<RecordingParts>(parts | *others);
      continue;
    }
    parts = static_cast<RecordingParts>(parts & ~kPartCdr);
    if (parts == 0) due.going.erase(going);
  }
  return {};
}

// The journal first, as one group; only then is anything destroyed.
Result<void> RetentionDesk::retire_due(const Due& due, ApplyAnswer& done) {
  std::map<std::pair<std::string, RecordingParts>, Expiry> kinds;
  std::vector<storage::RecordingPartsOf> what;
  bool records = false;
  for (const auto& [uid, parts] : due.going) {
    const auto named = due.classes.find(uid);
    std::string name = named == due.classes.end() ? "" : named->second;
    if (name.empty()) name = kDefaultClass;
    Expiry& expiry = kinds[{name, parts}];
    expiry.class_name = name;
    expiry.parts = parts;
    expiry.cause = due.cause;
    expiry.uids.push_back(uid);  // ascending, as the map is
    what.push_back({uid, parts});
    records = records || (parts & kPartCdr) != 0;
  }
  std::vector<storage::LedgerEntry> entries;
  entries.reserve(kinds.size());
  for (auto& [kind, expiry] : kinds) {
    entries.push_back({.time_us = due.now_us, .content = std::move(expiry)});
  }
  const auto committed = commit_all(entries);
  if (!committed) return Error(committed.error());
  reclaim_due_ = true;
  if (records) TD_TRY(note_records_gone(due.now_us));
  TD_TRY(store_.retire(what, RecordingLifecycle::kExpired));
  done.expired += what.size();
  return {};
}

Result<bool> RetentionDesk::step_from(std::optional<storage::DueParts>& after, ApplyAnswer& done) {
  // An erasure that finds no room to rewrite records must not keep expiry from making some.
  const auto finished = finish();
  if (!finished && !erasures_only_) return Error(finished.error());
  Result<void> may_expire = check_rebuilt();
  if (may_expire) may_expire = check_clock();
  if (!may_expire) {
    TD_TRY(purge_records(now_us()));  // nothing that is kept goes with it
    return Error(std::move(may_expire.error()));
  }
  Due due{.now_us = now_us()};
  auto at = after;
  bool more = true;
  for (std::size_t page = 0; more && page < kDuePagesAtOnce; ++page) {
    const std::size_t room = storage::kRetiredAtOnceMax - due.going.size();
    if (room == 0) break;
    const auto rows = store_.due(due.now_us, room, at);
    if (!rows) return Error(rows.error());
    if (!rows->empty()) at = rows->back();
    more = rows->size() == room;
    TD_TRY(take_due(*rows, due));
  }
  TD_TRY(keep_records(due));
  if (!due.going.empty()) TD_TRY(retire_due(due, done));
  done.held += due.held.size();
  if (!more || !finished) TD_TRY(reclaim_into(done));
  if (!finished) return Error(finished.error());
  if (!more) TD_TRY(purge_records(due.now_us));
  TD_TRY(mark_now_and_then());
  after = more ? at : std::nullopt;
  return more;
}

Result<void> RetentionDesk::reclaim_into(ApplyAnswer& done) {
  if (!reclaim_due_) return {};
  const auto unconfirmed = rebuilt();
  if (!unconfirmed) return Error(unconfirmed.error());
  if (*unconfirmed) return {};  // what no row leads to may have been left out by mistake
  const auto reclaimed = store_.reclaim();
  if (!reclaimed) return Error(reclaimed.error());
  reclaim_due_ = false;
  done.segments_removed += reclaimed->segments_removed;
  done.bytes_removed += reclaimed->bytes_removed;
  done.bytes_punched += reclaimed->bytes_punched;
  return {};
}

Result<bool> RetentionDesk::step(ApplyAnswer& done) {
  const std::lock_guard lock(mutex_);
  return step_from(cursor_, done);
}

// Others get their turn between two parts of it.
Result<ApplyAnswer> RetentionDesk::apply() {
  ApplyAnswer done;
  std::optional<storage::DueParts> after;
  for (;;) {
    const std::lock_guard lock(mutex_);
    const auto more = step_from(after, done);
    if (!more) return Error(more.error());
    if (!*more) return done;
  }
}

}  // namespace tapdeck::retention
