// Destroys the media of a stretch of a recording, extent by extent (storage/extent_shred.h): what
// was written before it was known that it must not be kept.  An extent that has anything of the
// stretch goes as a whole: up to a chunk's time on either side of it.
//
// Threads: one at a time for a recording, and no rows are committed meanwhile.  Memory: the
// recording's rows, and one extent.  Durable when it returns.  Failing: all of it is to be asked
// for again.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "model/media_span.h"
#include "storage/call_store.h"
#include "storage/keys.h"
#include "storage/open_index.h"
#include "storage/recording_reader.h"

namespace tapdeck::storage {

// All must outlive it.
struct SpanShredder {
  KeyVault& keys;
  CallStore& calls;
  OpenIndex& index;

  // The durable extents that may have something of it, each once: what is damaged is told the log,
  // and there is none.
  Result<std::vector<LocatedExtent>> find(const Uid& recording, const MediaSpan& span);

  // `extents` as find() gives them.  What cannot be read any more is told the log.
  Result<void> shred(const Uid& recording,
                     const MediaSpan& span,
                     std::span<const LocatedExtent> extents);
};

}  // namespace tapdeck::storage
