// IPv4, IPv6 with its extension headers, and UDP, for decode().
// Threads: any.  Memory: none.  Bad input: a class.  RFC 791, RFC 8200, RFC 768.
#pragma once

#include <cstddef>

#include "engine/decode/decode.h"

namespace tapdeck::engine {

// The IP header is at `offset` of the frame, which is at most its size.
void decode_ipv4(const FrameView& frame, std::size_t offset, Decoded& out);
void decode_ipv6(const FrameView& frame, std::size_t offset, Decoded& out);

}  // namespace tapdeck::engine
