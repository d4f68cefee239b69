// Versioned encoding of call records for the call store and the control socket: Protocol Buffers
// (model/call.proto), field numbers never reused, unknown fields of newer writers ignored. Threads:
// any.  Memory: returns strings and records; each thread keeps a message for reuse.  Bad bytes:
// decode gives nullopt, never a partial record.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/call.h"

namespace tapdeck {

std::string encode_call(const CallRecord& call);  // deterministic: equal records give equal bytes
void append_call(const CallRecord& call, std::string& bytes);  // the same, behind what is there
std::optional<CallRecord> decode_call(std::string_view bytes);

// Only what a stored record is found by: uid, version, state, whether it is final, Call-ID, what
// searchable_numbers() reads, retention class, lifecycle and times of expiry; the rest is as in a
// new record.  A third of decode_call()'s work.
std::optional<CallRecord> decode_call_terms(std::string_view bytes);

}  // namespace tapdeck
