// What the journal says of recordings, put into a call store that is made anew: what was erased or
// has expired stays so, and is told; and the keys that only the journal may still need.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "model/ledger_codec.h"
#include "storage/retention_store.h"
#include "storage/store_rebuild.h"

namespace tapdeck::storage {

namespace {

constexpr std::size_t kGoneAtOnce = 1'024;

}  // namespace

Result<void> StoreRebuild::follow_journal() {
  TD_TRY(for_each_gone([this](const Gone& gone) { return note_gone(gone); }));
  return take_gone();
}

// What follow_journal() will make: records of calls of which nothing can be read any more.
Result<void> StoreRebuild::count_gone() {
  std::set<Uid> made;
  return for_each_gone([&](const Gone& gone) -> Result<void> {
    const auto seen = seen_.find(gone.uid);
    if (seen != seen_.end() && seen->second.readable) return {};
    const bool over = (gone.parts & kPartCdr) != 0;
    if (gone.parts == 0 || (over && made.erase(gone.uid) == 0)) return {};
    if (over) {
      ++figures_.expired;
    } else if (made.insert(gone.uid).second) {
      ++figures_.records_made;
    }
    return {};
  });
}

Result<void> StoreRebuild::for_each_gone(const TakeGone& take) {
  const auto followed =
      opened_.journal->replay(0, [&](const LedgerRecord& record) { return follow(record, take); });
  return followed ? Result<void>() : Error(followed.error());
}

// Erasure of records leaves pseudonyms: a record stays.
Result<bool> StoreRebuild::follow(const LedgerRecord& record, const TakeGone& take) {
  const auto type = static_cast<LedgerType>(record.header.type);
  const bool tells = type == LedgerType::kErasure || type == LedgerType::kExpiry;
  if (!tells || record.state != LedgerContentState::kReadable) return true;
  LedgerContent content;
  const LedgerVerdict verdict = decode_ledger_content(
      record.header.type, record.header.uid, as_text(record.content), content);
  if (verdict != LedgerVerdict::kGood) return true;  // it was good when the journal was opened
  Gone gone{.sequence = record.header.sequence, .time_us = record.header.time_us};
  if (const auto* erasure = std::get_if<Erasure>(&content)) {
    gone.uid = record.header.uid;
    gone.parts = static_cast<RecordingParts>(erasure->parts & ~kPartCdr);
    gone.lifecycle = RecordingLifecycle::kErased;
    TD_TRY(take(gone));
  } else if (const auto* expiry = std::get_if<Expiry>(&content)) {
    gone.parts = expiry->parts;
    gone.retention_class = expiry->class_name;
    for (const Uid& uid : expiry->uids) {
      gone.uid = uid;
      TD_TRY(take(gone));
    }
  }
  return true;
}

// In the order of the journal, many at once.
Result<void> StoreRebuild::note_gone(const Gone& gone) {
  const bool other = !gone_.empty() && gone_.begin()->second.lifecycle != gone.lifecycle;
  if (other || gone_.contains(gone.uid) || gone_.size() >= kGoneAtOnce) TD_TRY(take_gone());
  gone_.emplace(gone.uid, gone);
  return {};
}

// Parts of which something can be read were recorded anew since, or have not gone yet: then they
// are due still.
Result<RecordingParts> StoreRebuild::gone_parts(const Gone& gone) const {
  const auto rows = calls_->rows_of(gone.uid);
  if (!rows) return Error(rows.error());
  RecordingParts parts = gone.parts;
  for (const ExtentRow& row : *rows) {
    const RecordingParts there = row.kind == SegmentKind::kMedia ? kPartMedia : kPartSip;
    parts = static_cast<RecordingParts>(parts & ~(there | kPartCdr));
  }
  return parts;
}

// A record that outlived its messages was lost with the old call store.  False: it is over, too.
Result<bool> StoreRebuild::find_or_make(const Gone& gone, RecordingParts parts) {
  const auto call = calls_->get_stored(gone.uid);
  if (call) return true;
  if (call.error().code != ErrorCode::kNotFound) return Error(call.error());
  if ((parts & kPartCdr) != 0) return false;
  const auto found = seen_.find(gone.uid);
  SeenRecording seen = found == seen_.end() ? SeenRecording{} : found->second;
  if (seen.retention_class.empty()) seen.retention_class = gone.retention_class;
  TD_TRY(make_record(gone.uid, seen));
  return true;
}

Result<void> StoreRebuild::take_gone() {
  Retirement retirement;
  for (const auto& [uid, gone] : gone_) {
    retirement.lifecycle = gone.lifecycle;
    const auto parts = gone_parts(gone);
    if (!parts) return Error(parts.error());
    const bool erased = gone.lifecycle == RecordingLifecycle::kErased;
    if (erased && *parts != gone.parts) undone_ = std::min(undone_, gone.sequence);
    if (*parts == 0) continue;
    const auto known = find_or_make(gone, *parts);
    if (!known) return Error(known.error());
    if (!*known) continue;
    retirement.parts.push_back({uid, *parts});
    const bool over = (*parts & kPartCdr) != 0;
    if (over) ++figures_.expired;
    for (const SegmentKind kind : {SegmentKind::kMedia, SegmentKind::kSip}) {
      const RecordingParts part = kind == SegmentKind::kMedia ? kPartMedia : kPartSip;
      if (over) {
        retirement.discard.forgotten.emplace_back(uid, kind);
      } else if ((*parts & part) != 0) {
        retirement.discard.destroyed.push_back({uid, kind, gone.time_us});
      }
    }
  }
  gone_.clear();
  TD_TRY(put_some(group_));
  return calls_->retire(std::move(retirement));
}

// As it was journalled, whether it had been done or not.
Result<void> StoreRebuild::lengthen() {
  const std::map<Uid, ExtendedTimes> extended =
      opened_.journal->look([](const LedgerState& state) { return state.extended(); });
  for (const auto& [uid, times] : extended) {
    auto call = calls_->get_stored(uid);
    if (!call && call.error().code == ErrorCode::kNotFound) continue;
    if (!call) return Error(std::move(call.error()));
    RecordingInfo& recording = call->recording;
    if (times.media_until_us) recording.expires_us = times.media_until_us;
    if (times.sip_until_us) recording.sip_expires_us = times.sip_until_us;
    if (times.cdr_until_us) recording.cdr_expires_us = times.cdr_until_us;
    group_.push_back(std::move(*call));
    if (group_.size() >= kGoneAtOnce) TD_TRY(put_some(group_));
  }
  return put_some(group_);
}

// Whoever opens the store carries out what had not been; nothing else is done twice, since what was
// written about a call after its erasure is under a key that a second erasure would destroy.
Result<void> StoreRebuild::mark_done() {
  const std::uint64_t next =
      opened_.journal->look([](const LedgerState& state) { return state.next_sequence(); });
  return calls_->put_meta(kDoneValue, std::to_string(std::min(undone_, next)));
}

// Slots that the list names and no call needs are left to the next opening, which destroys them.
Result<void> StoreRebuild::claim_keys() {
  std::vector<KeyClaim> claims;
  std::optional<Error> failed;
  opened_.keys->for_each_used([&](const KeySlot& slot, bool listed) {
    if (failed) return;
    const auto rows = calls_->rows_of(slot.recording);
    if (!rows) {
      failed = rows.error();
      return;
    }
    const bool named = std::any_of(rows->begin(), rows->end(), [&](const ExtentRow& row) {
      const auto entries = decode_extent_row(row.packed);
      return entries && std::any_of(entries->begin(), entries->end(), [&](const auto& entry) {
               return entry.key_id == slot.id;
             });
    });
    if (named) return;
    const auto call = calls_->get_stored(slot.recording);
    if (!call && listed) return;
    claims.push_back({slot.recording, slot.kind, slot.id});
  });
  if (failed) return Error(*failed);
  figures_.keys_claimed = claims.size();
  return calls_->claim_keys(claims);
}

}  // namespace tapdeck::storage
