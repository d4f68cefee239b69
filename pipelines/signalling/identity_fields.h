// Header fields that tell which conversation a message is of, read one value at a time: Session-ID
// (RFC 7989, and the form of RFC 7329) and P-Charging-Vector (RFC 7315).
// Threads: any.  Memory: none; views borrow.  Errors: nothing for a value that cannot be read.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tapdeck::sip {

constexpr std::size_t kSessionUuidBytes = 32;

// 32 hexadecimal digits each, as written; empty where there is none yet (all zero).
struct SessionIdField {
  std::string_view local;   // of who sent the message
  std::string_view remote;  // of who it is for, as far as the sender knows it
};

std::optional<SessionIdField> parse_session_id(std::string_view value);

struct ChargingVector {
  std::string_view icid;  // never empty
  std::string_view generated_at;
  std::string_view orig_ioi;
  std::string_view term_ioi;
};

std::optional<ChargingVector> parse_charging_vector(std::string_view value);

}  // namespace tapdeck::sip
