// Destroys one extent inside a recording: header and leaf hash stay, so that the recording's digest
// can still be checked, and the ciphertext is overwritten. Threads: any, one per extent.  Memory:
// one extent.  Durable when it returns.  Layout: docs/formats/segment.md, shredded extents.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/media_span.h"
#include "storage/extent_codec.h"

namespace tapdeck::storage {

// The media extent at `offset` of the segment file `path`, if any of its sections is of a kind that
// `span` has.  False: none is, or it was destroyed whole before.  kCorrupt when it is not intact or
// does not open under `key`; nothing is changed then.
Result<bool> shred_extent(const std::string& path,
                          std::uint64_t offset,
                          const RecordingKey& key,
                          const MediaSpan& span,
                          ExtentCodec& codec);

}  // namespace tapdeck::storage
