// RTCP that a capture agent retells in JSON inside HEP, and the sender or receiver report that it
// was: agents send one object with the reporter's `ssrc`, `sender_information` and `report_blocks`.
//
// Threads: any.  Memory: none; the result is written to the caller's bytes.  Bad input: what can be
// read is taken, numbers in quotes and fractions included; an object without an SSRC yields 0.
// RFC 3550 section 6.4 (what is written), RFC 8259 (what is read).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapdeck::sip {

constexpr std::size_t kRetoldBlocksMax = 31;                             // RC has five bits
constexpr std::size_t kRetoldRtcpBytesMax = 28 + kRetoldBlocksMax * 24;  // of a sender report

using RetoldRtcp = std::array<std::uint8_t, kRetoldRtcpBytesMax>;

// Writes the report that `json` tells of to `out` and returns its length; 0 when it tells nothing.
std::size_t rtcp_of_json(std::string_view json, RetoldRtcp& out);

}  // namespace tapdeck::sip
