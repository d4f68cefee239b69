// GRE for decode(): with checksum, key and sequence number, around IP, Ethernet (NVGRE), MPLS, PPP
// (PPTP's version 1 too), and ERSPAN of types I, II and III.
// Threads: any.  Memory: none.  Bad input: a class.  RFC 2784, RFC 2890, RFC 2637, RFC 7637,
// draft-foschiano-erspan.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

void decode_gre(Walk& walk);

}  // namespace tapdeck::engine
