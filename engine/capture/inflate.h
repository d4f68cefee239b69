// Decompresses gzip and zstd while a capture is read.
// Threads: one owner.  Memory: the decompressor's window (zstd: at most 128 MiB, longer ones are
// refused) and a buffer of the largest peek.
// Formats: RFC 1952 (several members are one stream), RFC 8878 (several frames likewise).
#pragma once

#include <memory>

#include "engine/capture/source.h"

namespace tapdeck::engine {

// A source of the decompressed bytes of `raw`; `raw` itself when it begins with neither format's
// magic.  Where `raw` fails so does the source, for the same reason.
std::unique_ptr<Source> inflate_if_packed(std::unique_ptr<Source> raw);

}  // namespace tapdeck::engine
