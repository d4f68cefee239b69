// Parts of recordings as retention names them, and when their time is over.
// Threads: any; plain values.  Memory: none.  Failing: never.
#pragma once

#include <cstdint>

#include "model/ids.h"
#include "model/ledger_content.h"

namespace tapdeck::storage {

// Parts of one recording.
struct RecordingPartsOf {
  Uid uid{};
  RecordingParts parts = 0;

  bool operator==(const RecordingPartsOf&) const = default;
};

// Parts whose time is over at `expires_us` (UTC).
struct DueParts {
  std::int64_t expires_us = 0;
  RecordingPartsOf what;

  bool operator==(const DueParts&) const = default;
};

}  // namespace tapdeck::storage
