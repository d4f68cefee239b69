// ESP for decode(): what is encrypted is counted; the null encryption of IMS test beds and of
// networks that only authenticate is recognised by its trailer and opened.
// Threads: any.  Memory: none.  Bad input: a class.  RFC 4303, RFC 2410, RFC 5879.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

void decode_esp(Walk& walk);

}  // namespace tapdeck::engine
