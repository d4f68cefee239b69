// Decompresses gzip and zstd while a capture is read.
// Threads: one owner.  Memory: the decompressor's window (zstd: at most 128 MiB, longer ones are
// refused) and a buffer of the largest peek.
// Formats: RFC 1952 (several members are one stream), RFC 8878 (several frames likewise).
#pragma once

#include <memory>

#include "base/bytes.h"
#include "engine/capture/source.h"

namespace tapdeck::engine {

// A source of the decompressed bytes; null when `bytes` begin with neither format's magic.
std::unique_ptr<Source> make_inflating_source(ByteView bytes);

}  // namespace tapdeck::engine
