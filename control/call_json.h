// A call record as the JSON object of INTERFACES section 3: every name present, absent facts null,
// times RFC 3339 UTC with microseconds.  Bytes from the wire that are not UTF-8 become U+FFFD.
// Threads: any.  Memory: returns values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/call.h"
#include "storage/message_record.h"
#include "storage/store_access.h"

namespace tapdeck::control {

using Json = nlohmann::ordered_json;

constexpr int kCallSchema = 1;

Json call_to_json(const CallRecord& call);

std::string_view transport_name(SignalTransport transport);  // "udp"...

// One SIP message as `show --json` has it: {time, src, dst, transport, length, text}.
Json message_to_json(const storage::MessageRecord& message);

// {src, dst, ssrc, durable_until}
Json durability_to_json(const storage::StreamDurability& stream);

// The object without line breaks, never throwing on bad text.
std::string json_line(const Json& json);

// The names of the first level, in order.
const std::vector<std::string>& call_field_names();

// Whether a call has such a field: a name of the first level, or a dotted one below it
// ("caller.number", "recording.state", "media.codec").
bool is_field_name(std::string_view dotted_name);

// The value under a dotted name; null when it is absent; below an array, the array of values.
Json field_of(const Json& call, std::string_view dotted_name);

}  // namespace tapdeck::control
