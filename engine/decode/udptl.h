// T.38 in datagrams: the UDPTL packets of ITU-T T.38, 9.1 (RFC 3362).
// Threads: any.  Memory: none.  Bad input: false; nothing is read beyond the payload.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tapdeck::engine {

// Sequence number, a primary packet of one byte, no secondary ones.
constexpr std::size_t kUdptlBytesMin = 6;

// True when the payload is a UDPTL packet from its first byte to its last: a sequence number, the
// primary packet, and earlier ones or parity packets behind it.  `wire_length` is what the datagram
// held; what the capture has cut is taken for right.
bool is_udptl(ByteView payload, std::uint32_t wire_length);

// Precondition: at least kUdptlBytesMin bytes.
inline std::uint16_t udptl_sequence(ByteView payload) {
  return load_be<std::uint16_t>(payload.data());
}

}  // namespace tapdeck::engine
