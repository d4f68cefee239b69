// What opening a store does with its segments: sealed and indexed ones are only stat'ed; for the
// others the extents behind the last checkpoint are found again, the file is cut behind the last
// one and sealed, and rows are committed (docs/ARCHITECTURE.md, durability). Nothing durable is
// ever dropped.
//
// Threads: the opener's.  Memory: one window of a file and the entries of one segment.  Failing: a
// segment whose header makes no sense is left alone and counted; kIo ends the opening.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/call_store.h"
#include "storage/extent_codec.h"
#include "storage/keys.h"
#include "storage/open_index.h"

namespace tapdeck::storage {

struct RecoveryFigures {
  std::uint64_t segments_known = 0;        // stat'ed only
  std::uint64_t segments_recovered = 0;    // scanned and sealed
  std::uint64_t segments_reindexed = 0;    // sealed, but rows may have been missing
  std::uint64_t segments_removed = 0;      // made, but nothing had become durable in them
  std::uint64_t segments_unreadable = 0;   // left alone
  std::uint64_t extents = 0;               // of recovered segments
  std::uint64_t checkpointed_extents = 0;  // those of them that were not read again
  std::uint64_t bytes_dropped = 0;         // of torn extents, never acknowledged
  std::uint64_t keys_destroyed = 0;        // that opened nothing: Shredder::sweep()
};

struct RecoveryContext {
  std::string store_directory;
  KeyVault& keys;
  CallStore& calls;
  OpenIndex& index;
};

Result<RecoveryFigures> recover_segments(const RecoveryContext& context);

// Index entries of one intact extent; packed ones are decrypted for it.  An extent that its key no
// longer opens gives one entry without leaf.
class ExtentIndexer {
 public:
  explicit ExtentIndexer(KeyVault& keys) : keys_(keys) {}

  std::vector<ExtentEntry> entries_of(const ExtentHeader& header, ByteView extent);

 private:
  KeyVault& keys_;
  ExtentCodec codec_;
  std::vector<std::uint8_t> plaintext_;
};

// Paths under DIRECTORY/segments, sorted.
struct SegmentFiles {
  std::vector<std::string> segments;     // *.seg
  std::vector<std::string> checkpoints;  // *.ckpt
};

SegmentFiles list_segment_files(const std::string& store_directory);

// What a path under segments/ says: .../media|sip/YYYYMMDD/ID.seg; nullopt: another file.
struct SegmentPath {
  SegmentId id{};
  SegmentKind kind = SegmentKind::kMedia;
};

std::optional<SegmentPath> parse_segment_path(const std::string& path);

ExtentRow make_row(const SegmentExtents& extents);

}  // namespace tapdeck::storage
