// The database of patterns in a file, so that a restart or a reload need not compile it again.  The
// file is named by whoever opens it and belongs to the owner of the store: mode 0600.
// Format: magic, version, SHA-256 of what the database is made of (expressions, library,
// processor), length, SHA-256 of the bytes, bytes; little-endian. Threads: any, off the hot path.
// Memory: the file once.  A file of other patterns, a damaged or a longer one than
// kPatternCacheBytesMax: kCorrupt, and it is made anew.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "pipelines/policy/pattern_database.h"
#include "storage/crypto.h"

namespace tapdeck::policy {

constexpr std::uint64_t kPatternCacheBytesMax = std::uint64_t{1} << 30;

// Of all that decides what the database is.
storage::Hash pattern_hash(std::span<const Expression> expressions);

// kNotFound: there is no file; kIo; kCorrupt: not these patterns, or damaged.
Result<PatternDatabase> load_patterns(const std::string& path, const storage::Hash& hash);

Result<void> store_patterns(const std::string& path,
                            const storage::Hash& hash,
                            const PatternDatabase& database);

}  // namespace tapdeck::policy
