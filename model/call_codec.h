// Versioned encoding of call records for the call store and the control socket: Protocol Buffers
// (model/call.proto), field numbers never reused, unknown fields of newer writers ignored. Threads:
// any.  Memory: returns strings and records.  Bad bytes: decode gives nullopt, never a partial
// record.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/call.h"

namespace tapdeck {

std::string encode_call(const CallRecord& call);  // deterministic: equal records give equal bytes
std::optional<CallRecord> decode_call(std::string_view bytes);

}  // namespace tapdeck
