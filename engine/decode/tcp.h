// TCP for decode(): where a segment stands in its stream and what it carries.
// Threads: any.  Memory: none; the payload borrows from the frame.  Bad input: a class.  RFC 9293.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "engine/decode/decode.h"

namespace tapdeck::engine {

// `bytes` is what was captured of the segment, `length` how long it was on the wire.
void decode_tcp(ByteView bytes, std::size_t length, Decoded& out);

}  // namespace tapdeck::engine
