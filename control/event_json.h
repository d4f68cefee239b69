// An event as a JSON object: every name present, absent facts null, times RFC 3339 UTC with
// microseconds.  Bytes from the wire that are not UTF-8 become U+FFFD.
// Threads: any.  Memory: returns values.
#pragma once

#include "control/call_json.h"
#include "model/event.h"

namespace tapdeck::control {

constexpr int kEventSchema = 1;

Json event_to_json(const EventRecord& event);

}  // namespace tapdeck::control
