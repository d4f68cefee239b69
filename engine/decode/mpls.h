// MPLS label stacks for decode(): IP, or an Ethernet pseudowire with or without control word, which
// the labels do not say and the first bytes must tell.
// Threads: any.  Memory: none.  Bad input: a class.  RFC 3032, RFC 4385, RFC 4448.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

void decode_mpls(Walk& walk);

}  // namespace tapdeck::engine
