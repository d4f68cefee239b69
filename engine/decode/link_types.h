// What a capture's link type says of the bytes before the first header that others know: decode()
// begins here.
// Threads: any.  Memory: none.  Bad input: a class.  The registry of LINKTYPE_ values, RFC 1331,
// RFC 1662, IEEE 802.11.
#pragma once

#include "engine/decode/walk.h"
#include "engine/packet.h"

namespace tapdeck::engine {

void decode_link(Walk& walk, LinkType link_type);

}  // namespace tapdeck::engine
