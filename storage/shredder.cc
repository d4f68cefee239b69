#include "storage/shredder.h"

#include <algorithm>
#include <limits>

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

Result<Shredder::Kept> Shredder::kept_of(const Uid& recording) {
  const auto rows = calls_.rows_of(recording);
  if (!rows) return Error(rows.error());
  auto claims = calls_.claims_of(recording);
  if (!claims) return Error(std::move(claims.error()));
  Kept kept;
  for (const ExtentRow& row : *rows) {
    // Nothing of a damaged row is known; check() names it.
    const auto entries = decode_extent_row(row.packed).value_or(std::vector<ExtentEntry>());
    add_keys(recording, entries, kept.keys);
    std::uint64_t end = 0;
    for (const ExtentEntry& entry : entries) end = std::max(end, entry.end());
    // A second attempt may go on in the same segment only while that is open.
    const auto segment = index_.find_segment(row.segment);
    const bool open = segment && !segment->sealed;
    kept.rows.rows.push_back({row, open ? end : std::numeric_limits<std::uint64_t>::max()});
  }
  for (const KeyClaim& claim : *claims) kept.keys.push_back({claim.slot, recording});
  kept.rows.claims = std::move(*claims);
  for (const KeyVault::Unsettled& key : keys_.unsettled_of(recording)) {
    kept.keys.push_back({key.id, recording});
  }
  return kept;
}

// Keys first: whatever happens in between, what is still listed can be discarded again.
Result<void> Shredder::discard(const Uid& recording) {
  const auto kept = kept_of(recording);
  if (!kept) return Error(kept.error());
  TD_TRY(keys_.destroy_many(kept->keys));
  return calls_.discard(kept->rows);
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
