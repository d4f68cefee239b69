// What the call plane has the record path do (apps/record_path.h), in this order.
// Threads: values.  Memory: their texts.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "model/call.h"
#include "model/media_span.h"
#include "storage/segment_id.h"

namespace tapdeck::apps {

struct KeepMessages {
  Uid recording{};
  std::uint16_t retention_class = 0;
  std::string records;
};

// What was kept of it is to be destroyed, and what is still to come not to be kept.
struct ShredRecording {
  Uid recording{};
  storage::ShredParts parts = storage::ShredParts::kMedia;
};

// Likewise of a stretch of its media; the rest is kept.  Another order with the same beginning
// takes the place of the first.
struct ShredMedia {
  Uid recording{};
  MediaSpan span;
  CutCause cause = CutCause::kPolicy;
};

using ShredOrder = std::variant<ShredRecording, ShredMedia>;
using RecordCommand =
    std::variant<std::monostate, KeepMessages, CallRecord, ShredRecording, ShredMedia>;

}  // namespace tapdeck::apps
