// RetentionStore of a store: what retention decided, done.  What becomes of segments:
// storage/store_reclaim.cc.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <set>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "storage/journal_overlay.h"
#include "storage/span_shredder.h"
#include "storage/store_impl.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kDetailsKeyUser = 2;  // of the key vault; behind the two writers

}  // namespace

// The one that its messages have, or one that was claimed; the latest, and of those the first that
// is still there.
Result<std::optional<std::uint32_t>> StoreImpl::find_details_key(const Uid& uid) {
  std::vector<std::uint32_t> slots;
  const auto rows = calls_->rows_of(uid);
  if (!rows) return Error(rows.error());
  for (const ExtentRow& row : *rows) {
    if (row.kind != SegmentKind::kSip) continue;
    const auto entries = decode_extent_row(row.packed);
    if (entries && !entries->empty()) slots.push_back(entries->back().key_id);
  }
  const auto claims = calls_->claims_of(uid);
  if (!claims) return Error(claims.error());
  for (const KeyClaim& claim : *claims) {
    if (claim.kind == SegmentKind::kSip) slots.push_back(claim.slot);
  }
  for (const std::uint32_t slot : slots) {
    const auto key = keys_->read(slot, uid);
    if (key) return std::optional(slot);
    if (key.error().code != ErrorCode::kNotFound) return Error(key.error());
  }
  return std::optional<std::uint32_t>{};
}

Result<void> StoreImpl::sync_keys() {
  const auto files = keys_->take_unsynced_files(kDetailsKeyUser);
  if (!files) return Error(files.error());
  for (auto file = files->begin(); file != files->end(); ++file) {
    if (fdatasync(*file) == 0) continue;
    const int cause = errno;
    for (; file != files->end(); ++file) keys_->mark_unsynced(*file);
    return make_errno_error(ErrorCode::kIo, "The store's keys cannot be synced", cause);
  }
  return {};
}

// A key that its writer made is claimed, too: a row may never come to name it.
Result<std::uint32_t> StoreImpl::details_key(const Uid& uid) {
  const std::lock_guard lock(put_mutex_);
  const auto found = find_details_key(uid);
  if (!found) return Error(found.error());
  if (*found) return **found;
  std::optional<std::uint32_t> slot;
  const bool abandoned = has_part(index_.abandoned_parts(uid), SegmentKind::kSip);
  for (const KeyVault::Unsettled& key : keys_->unsettled_of(uid)) {
    if (key.kind == SegmentKind::kSip && !abandoned) slot = key.id;
  }
  if (!slot) {
    const auto allocated = keys_->allocate(uid, SegmentKind::kSip);
    if (!allocated) return Error(allocated.error());
    slot = allocated->id;
  }
  TD_TRY(sync_keys());
  const KeyClaim claim{uid, SegmentKind::kSip, *slot};
  TD_TRY(calls_->claim_keys({&claim, 1}));
  const KeyOwner owner{*slot, uid};
  keys_->settle({&owner, 1});
  return *slot;
}

Result<void> StoreImpl::move_expiry(const Uid& uid, const ExtendedTimes& times) {
  const std::lock_guard lock(put_mutex_);
  auto call = calls_->get_stored(uid);
  if (!call) return Error(std::move(call.error()));
  if (times.media_until_us) call->recording.expires_us = times.media_until_us;
  if (times.sip_until_us) call->recording.sip_expires_us = times.sip_until_us;
  if (times.cdr_until_us) call->recording.cdr_expires_us = times.cdr_until_us;
  return calls_->put({&*call, 1}, {});
}

Result<void> StoreImpl::retire(std::span<const RecordingPartsOf> what,
                               RecordingLifecycle lifecycle) {
  if (what.size() > kRetiredAtOnceMax) {
    return make_error(ErrorCode::kInvalidArgument,
                      "More than " + std::to_string(kRetiredAtOnceMax) +
                          " recordings are to be destroyed at once.");
  }
  const std::lock_guard one_at_a_time(retention_mutex_);
  const std::lock_guard lock(put_mutex_);
  return shredder_->retire(what, lifecycle);
}

Result<void> StoreImpl::rewrite(std::span<const CallRecord> calls) {
  const std::lock_guard one_at_a_time(retention_mutex_);
  std::vector<CallRecord> stored(calls.begin(), calls.end());
  std::vector<Uid> uids;
  for (CallRecord& call : stored) {
    const auto as_it_is = calls_->get_stored(call.uid);
    if (!as_it_is) return Error(as_it_is.error());
    strip_journal(*as_it_is, call);
    uids.push_back(call.uid);
  }
  TD_TRY(calls_->replace(stored));
  return calls_->purge(uids);
}

Result<void> StoreImpl::purge(std::span<const Uid> calls) {
  const std::lock_guard one_at_a_time(retention_mutex_);
  return calls_->purge(calls);
}

Result<void> StoreImpl::purge_everywhere() {
  const std::lock_guard one_at_a_time(retention_mutex_);
  return calls_->purge_everywhere();
}

// A packed extent stands in a row once for each of its sections.
Result<std::uint64_t> StoreImpl::sum_bytes(const Uid& uid, RecordingParts parts, bool sealed_only) {
  const auto rows = calls_->rows_of(uid);
  if (!rows) return Error(rows.error());
  std::uint64_t bytes = 0;
  for (const ExtentRow& row : *rows) {
    const RecordingParts part = row.kind == SegmentKind::kMedia ? kPartMedia : kPartSip;
    const auto entries = decode_extent_row(row.packed);
    if ((parts & part) == 0 || !entries) continue;
    if (sealed_only) {
      const auto segment = index_.find_segment(row.segment);
      if (!segment || !segment->sealed) continue;
    }
    std::set<std::uint64_t> seen;
    for (const ExtentEntry& entry : *entries) {
      if (seen.insert(entry.offset).second) bytes += entry.stored_bytes;
    }
  }
  return bytes;
}

// Written down before it is done, as far as there is media: done again after a crash, or on a copy,
// it must not take what was kept later.  Once, however often it has to be tried.
Result<void> StoreImpl::shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) {
  const std::lock_guard lock(put_mutex_);
  const auto planned = SpanShredder{*keys_, *calls_, index_}.plan(recording, span);
  if (!planned) return Error(planned.error());
  const MediaSpan there{span.from_us, std::min(span.to_us, planned->last_us + 1), span.video_only};
  const auto is_same = [&](const std::pair<Uid, MediaSpan>& other) {
    return other.first == recording && other.second.from_us == span.from_us &&
           other.second.video_only == span.video_only;
  };
  const auto begun = std::ranges::find_if(redactions_begun_, is_same);
  const bool known = begun != redactions_begun_.end();
  if (planned->has_packets() && (!known || begun->second.to_us < there.to_us)) {
    Redaction redaction;
    redaction.actor.name = redaction.reason = cause == CutCause::kPause ? "pause" : "policy";
    redaction.span = there;
    const auto written = journal_->commit(
        {.uid = recording, .time_us = wall_now_ns() / kNsPerUs, .content = std::move(redaction)});
    if (!written) return Error(written.error());
    if (known) redactions_begun_.erase(begun);
    redactions_begun_.emplace_back(recording, there);
  }
  TD_TRY(planned->carry_out());
  std::erase_if(redactions_begun_, is_same);
  return {};
}

Result<void> StoreImpl::redact(const Uid& recording, const MediaSpan& span, std::int64_t by_us) {
  const std::lock_guard lock(put_mutex_);
  const auto planned = SpanShredder{*keys_, *calls_, index_}.plan(recording, span, by_us);
  return planned ? planned->carry_out() : Result<void>(Error(planned.error()));
}

}  // namespace tapdeck::storage
