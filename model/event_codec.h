// Versioned encoding of events for the call store and the control socket: Protocol Buffers
// (model/event.proto), field numbers never reused, unknown fields of newer writers ignored.
// Threads: any.  Memory: returns strings and records.  Bad bytes: nullopt, never a partial record.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/event.h"

namespace tapdeck {

std::string encode_event(const EventRecord& event);  // equal records give equal bytes
std::optional<EventRecord> decode_event(std::string_view bytes);

}  // namespace tapdeck
