// What the call store keeps of recordings beside their records, and what goes of that.
// Threads: plain values.  Memory: as it comes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "storage/due_parts.h"
#include "storage/segment_id.h"

namespace tapdeck::storage {

// The extents of one recording in one segment, packed by the segment side; opaque here.
struct ExtentRow {
  Uid recording{};
  SegmentKind kind = SegmentKind::kMedia;
  SegmentId segment{};
  std::string packed;

  bool operator==(const ExtentRow&) const = default;
};

// Of its recording, nothing in its segment that begins before `until` is to be indexed again.
struct DiscardedRow {
  ExtentRow row;
  std::uint64_t until = 0;
};

// A key slot of a recording, where no row of extents may name it.
struct KeyClaim {
  Uid recording{};
  SegmentKind kind = SegmentKind::kMedia;
  std::uint32_t slot = 0;

  bool operator==(const KeyClaim&) const = default;
};

// A part of a recording that was destroyed on purpose.
struct DestroyedPart {
  Uid recording{};
  SegmentKind kind = SegmentKind::kMedia;
  std::int64_t time_us = 0;  // UTC
};

// What is to be forgotten, and what is to be known of it.
struct Discard {
  std::vector<DiscardedRow> rows;
  std::vector<KeyClaim> claims;
  std::vector<DestroyedPart> destroyed;
  std::vector<std::pair<Uid, SegmentKind>> forgotten{};  // destroyed_at() need not tell of these
};

// What there is of a recording.
struct StoredRecording {
  bool final = false;  // its record
  std::vector<ExtentRow> rows{};
  std::vector<KeyClaim> claims{};
  std::vector<SegmentKind> destroyed{};  // parts of which destroyed_at() tells
};

// Parts of recordings that are destroyed: what goes with them.
struct Retirement {
  Discard discard;
  std::vector<RecordingPartsOf> parts;
  RecordingLifecycle lifecycle = RecordingLifecycle::kExpired;  // of those whose media went
  // Where there is one: shown what there is of each of `parts`, in that order; may add to
  // `discard`.
  std::function<void(const RecordingPartsOf& what, const StoredRecording& stored, Discard& discard)>
      look{};
  // Likewise: done before anything is written, and if it fails, nothing is.
  std::function<Result<void>()> before{};
};

}  // namespace tapdeck::storage
