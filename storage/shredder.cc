#include "storage/shredder.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/clock.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {
namespace {

// Extents of one row have one key, or few.
void add_keys(const Uid& recording,
              std::span<const ExtentEntry> entries,
              std::vector<KeyOwner>& keys) {
  for (const ExtentEntry& entry : entries) {
    const KeyOwner key{entry.key_id, recording};
    if (!keys.empty() && keys.back() == key) continue;
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
}

}  // namespace

void Shredder::settle(std::span<const SegmentExtents> rows) {
  std::vector<KeyOwner> all;
  std::vector<KeyOwner> of_row;
  for (const SegmentExtents& row : rows) {
    of_row.clear();
    add_keys(row.recording, row.entries, of_row);
    all.insert(all.end(), of_row.begin(), of_row.end());
  }
  if (!all.empty()) keys_.settle(all);
}

Result<Shredder::Kept> Shredder::find_kept(const Uid& recording, ShredParts parts) {
  auto rows = calls_.rows_of(recording);
  if (!rows) return Error(std::move(rows.error()));
  auto claims = calls_.claims_of(recording);
  if (!claims) return Error(std::move(claims.error()));
  return kept_of(recording, {.rows = std::move(*rows), .claims = std::move(*claims)}, parts);
}

Shredder::Kept Shredder::kept_of(const Uid& recording,
                                 const StoredRecording& stored,
                                 ShredParts parts) {
  Kept kept;
  bool damaged = false;
  for (const ExtentRow& row : stored.rows) {
    if (!has_part(parts, row.kind)) continue;
    const auto decoded = decode_extent_row(row.packed);
    const auto entries = decoded.value_or(std::vector<ExtentEntry>());
    damaged = damaged || !decoded;
    add_keys(recording, entries, kept.keys);
    kept.with_keys = kept.with_keys | part_of(row.kind);
    std::uint64_t end = 0;
    for (const ExtentEntry& entry : entries) end = std::max(end, entry.end());
    // A second attempt may go on in the same segment only while that is open.
    const auto segment = index_.find_segment(row.segment);
    const bool open = segment && !segment->sealed;
    kept.rows.rows.push_back({row, open ? end : std::numeric_limits<std::uint64_t>::max()});
  }
  for (const KeyClaim& claim : stored.claims) {
    if (!has_part(parts, claim.kind)) continue;
    kept.keys.push_back({claim.slot, recording});
    kept.with_keys = kept.with_keys | part_of(claim.kind);
    kept.rows.claims.push_back(claim);
  }
  for (const KeyVault::Unsettled& key : keys_.unsettled_of(recording)) {
    if (!has_part(parts, key.kind)) continue;
    kept.keys.push_back({key.id, recording});
    kept.with_keys = kept.with_keys | part_of(key.kind);
  }
  // What a damaged row named is known to the slots alone.
  if (damaged) {
    keys_.for_each_used([&](const KeySlot& slot, bool /*listed*/) {
      if (slot.recording != recording || !has_part(parts, slot.kind)) return;
      kept.keys.push_back({slot.id, recording});
    });
  }
  return kept;
}

// Keys first: whatever happens in between, what is still listed can be discarded again.
Result<void> Shredder::discard(const Uid& recording) {
  const auto kept = find_kept(recording, ShredParts::kAll);
  if (!kept) return Error(kept.error());
  TD_TRY(keys_.destroy_many(kept->keys));
  TD_TRY(calls_.discard(kept->rows));
  index_.readmit(recording);
  return {};
}

// The index first: from then on no writer adds a row, and none uses a key that it makes later.
// Extents that are on their way to the disk are found by the recovery of their segment if a crash
// follows, and left out: they are of a destroyed part, and their key is gone.
Result<void> Shredder::shred(const Uid& recording, ShredParts parts) {
  const auto call = calls_.get(recording);
  if (!call && call.error().code == ErrorCode::kIo) return Error(call.error());
  const bool over = call && call->final;
  index_.abandon(
      recording, parts, over ? OpenIndex::Abandon::kWhatIsThere : OpenIndex::Abandon::kAlsoLater);
  auto kept = find_kept(recording, parts);
  if (!kept) return Error(std::move(kept.error()));
  TD_TRY(keys_.destroy_many(kept->keys));
  // Of what is over, and of which there was nothing, nothing is to be said.
  const ShredParts destroyed = over ? kept->with_keys : parts;
  for (const SegmentKind kind : {SegmentKind::kMedia, SegmentKind::kSip}) {
    if (!has_part(destroyed, kind)) continue;
    kept->rows.destroyed.push_back({recording, kind, wall_now_ns() / kNsPerUs});
  }
  return calls_.discard(kept->rows);
}

// As shred(), of many at once.  Of a record that goes altogether nothing needs to be known later,
// but where something of it may still be on its way to the disk.
void Shredder::add_retired(const RecordingPartsOf& what,
                           const StoredRecording& stored,
                           std::vector<KeyOwner>& keys,
                           Discard& discard) {
  const bool over = stored.final;
  const bool whole = (what.parts & kPartCdr) != 0;
  // A record that goes leaves no key behind: nothing would lead to it any more.
  ShredParts parts = whole ? ShredParts::kAll : ShredParts::kNone;
  if ((what.parts & kPartMedia) != 0) parts = parts | ShredParts::kMedia;
  if ((what.parts & kPartSip) != 0) parts = parts | ShredParts::kMessages;
  const bool forgotten = whole && over && !index_.find_recording(what.uid);
  if (parts != ShredParts::kNone) {
    index_.abandon(
        what.uid, parts, over ? OpenIndex::Abandon::kWhatIsThere : OpenIndex::Abandon::kAlsoLater);
  }
  Kept kept = kept_of(what.uid, stored, parts);
  keys.insert(keys.end(), kept.keys.begin(), kept.keys.end());
  std::move(kept.rows.rows.begin(), kept.rows.rows.end(), std::back_inserter(discard.rows));
  std::move(kept.rows.claims.begin(), kept.rows.claims.end(), std::back_inserter(discard.claims));
  const ShredParts destroyed = over ? kept.with_keys : parts;
  if (forgotten) {
    for (const SegmentKind kind : stored.destroyed) discard.forgotten.emplace_back(what.uid, kind);
    return;
  }
  for (const SegmentKind kind : {SegmentKind::kMedia, SegmentKind::kSip}) {
    if (!has_part(destroyed, kind)) continue;
    discard.destroyed.push_back({what.uid, kind, wall_now_ns() / kNsPerUs});
  }
}

// Keys first, as in discard().  No writer adds a row between the look at the store and the end:
// rows are put under the mutex that this runs under.
Result<void> Shredder::retire(std::span<const RecordingPartsOf> what,
                              RecordingLifecycle lifecycle) {
  std::vector<KeyOwner> keys;
  Retirement retirement;
  retirement.parts.assign(what.begin(), what.end());
  retirement.lifecycle = lifecycle;
  retirement.look = [&](const RecordingPartsOf& one,
                        const StoredRecording& stored,
                        Discard& discard) { add_retired(one, stored, keys, discard); };
  retirement.before = [&] { return keys_.destroy_many(keys); };
  return calls_.retire(std::move(retirement));
}

Result<Shredder::Named> Shredder::named_by_rows(const Uid& recording) {
  const auto rows = calls_.rows_of(recording);
  if (!rows) return Error(rows.error());
  Named named;
  std::vector<KeyOwner> keys;
  for (const ExtentRow& row : *rows) {
    const auto entries = decode_extent_row(row.packed);
    // A row that cannot be read may name anything.
    if (!entries) named.all = true;
    if (entries) add_keys(recording, *entries, keys);
  }
  for (const KeyOwner& key : keys) named.slots.push_back(key.id);
  return named;
}

// Something may have been sealed under the key of a call that is in the log which is no extent: an
// entry of the ledger.
Result<bool> Shredder::is_claimed(const KeySlot& slot, std::vector<KeyClaim>& fresh) {
  const auto claims = calls_.claims_of(slot.recording);
  if (!claims) return Error(claims.error());
  for (const KeyClaim& claim : *claims) {
    if (claim.slot == slot.id) return true;
  }
  const auto call = calls_.get(slot.recording);
  if (!call && call.error().code == ErrorCode::kNotFound) return false;
  fresh.push_back({slot.recording, slot.kind, slot.id});
  return true;
}

Result<std::uint64_t> Shredder::sweep() {
  std::uint64_t destroyed = 0;
  while (true) {
    std::vector<KeySlot> used = keys_.next_inherited();
    if (used.empty()) break;
    std::sort(used.begin(), used.end(), [](const KeySlot& a, const KeySlot& b) {
      return a.recording.bytes < b.recording.bytes;
    });
    std::vector<KeyOwner> lost;
    std::vector<KeyClaim> claims;
    Named named;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (i == 0 || used[i].recording != used[i - 1].recording) {
        auto found = named_by_rows(used[i].recording);
        if (!found) return Error(std::move(found.error()));
        named = std::move(*found);
      }
      const auto& slots = named.slots;
      if (named.all || std::find(slots.begin(), slots.end(), used[i].id) != slots.end()) continue;
      const auto claimed = is_claimed(used[i], claims);
      if (!claimed) return Error(claimed.error());
      if (!*claimed) lost.push_back({used[i].id, used[i].recording});
    }
    TD_TRY(calls_.claim_keys(claims));
    TD_TRY(keys_.destroy_many(lost));
    destroyed += lost.size();
  }
  TD_TRY(keys_.finish_inherited());
  return destroyed;
}

}  // namespace tapdeck::storage
