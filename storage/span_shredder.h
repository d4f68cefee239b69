// Destroys the media of a stretch of a recording, extent by extent (storage/extent_shred.h): what
// was written before it was known that it must not be kept.  An extent that has a packet of the
// stretch goes as a whole: up to a chunk's time on either side of it.
//
// Threads: one at a time for a recording, and no rows are committed meanwhile.  Memory: the
// recording's rows, one extent, and 200 bytes for each that goes.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/result.h"
#include "model/media_span.h"
#include "storage/call_store.h"
#include "storage/extent_shred.h"
#include "storage/keys.h"
#include "storage/open_index.h"

namespace tapdeck::storage {

// Of a stretch: what is to be overwritten.
struct SpanShred {
  std::vector<SegmentShred> segments;
  std::int64_t last_us = std::numeric_limits<std::int64_t>::min();  // of packets; the least: none

  [[nodiscard]] bool has_packets() const {
    return last_us != std::numeric_limits<std::int64_t>::min();
  }

  // Durable when it returns.  Failing: all of it is to be planned and done again.
  Result<void> carry_out() const;
};

// All must outlive it.
struct SpanShredder {
  KeyVault& keys;
  CallStore& calls;
  OpenIndex& index;

  // Of what is durable, in segments that were begun by then, UTC.  What cannot be read any more is
  // told the log.
  Result<SpanShred> plan(const Uid& recording,
                         const MediaSpan& span,
                         std::int64_t begun_by_us = std::numeric_limits<std::int64_t>::max());
};

}  // namespace tapdeck::storage
