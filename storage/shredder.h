// What a store destroys of recordings, for good: their keys, then the rows that name them. Whatever
// a crash leaves of that is found again: a key that is in use belongs to a recording with a row
// that names it, or stands in the vault's list.
//
// Threads: one at a time, and no rows are committed meanwhile: under the store's mutex for that.
// Memory: the rows of one recording.  Durable when it returns; failing: an error, and all of it is
// to be asked for again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "storage/call_store.h"
#include "storage/keys.h"
#include "storage/open_index.h"

namespace tapdeck::storage {

class Shredder {
 public:
  // All must outlive it.
  Shredder(KeyVault& keys, CallStore& calls, OpenIndex& index)
      : keys_(keys), calls_(calls), index_(index) {}

  // When a store is opened, behind recovery: destroys the keys that an earlier life gave out and
  // that opened nothing which is kept.  Those of calls that are in the log are claimed instead.
  // How many it destroyed.
  Result<std::uint64_t> sweep();

  // These rows are durable.
  void settle(std::span<const SegmentExtents> rows);

  // An attempt to record it that was interrupted is to be made anew: keys and rows go.
  Result<void> discard(const Uid& recording);

  // RecordIntake::shred().
  Result<void> shred(const Uid& recording, ShredParts parts);

  // RetentionStore::retire().
  Result<void> retire(std::span<const RecordingPartsOf> what, RecordingLifecycle lifecycle);

 private:
  struct Named {
    std::vector<std::uint32_t> slots;
    bool all = false;
  };

  struct Kept {
    std::vector<KeyOwner> keys;
    ShredParts with_keys = ShredParts::kNone;
    Discard rows;
  };

  void add_retired(const RecordingPartsOf& what,
                   const StoredRecording& stored,
                   std::vector<KeyOwner>& keys,
                   Discard& discard);
  Result<Kept> find_kept(const Uid& recording, ShredParts parts);
  Kept kept_of(const Uid& recording, const StoredRecording& stored, ShredParts parts);
  Result<Named> named_by_rows(const Uid& recording);
  Result<bool> is_claimed(const KeySlot& slot, std::vector<KeyClaim>& fresh);

  KeyVault& keys_;
  CallStore& calls_;
  OpenIndex& index_;
};

}  // namespace tapdeck::storage
