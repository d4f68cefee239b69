// ESP for decode(): what is encrypted is counted; the null encryption of IMS test beds and of
// networks that only authenticate is recognised by its trailer and opened.
// Threads: any.  Memory: none.  Bad input: a class.  RFC 4303, RFC 2410, RFC 3948, RFC 5879.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

void decode_esp(Walk& walk);

// The same for the payload of UDP on kEspPort, where IKE and keep-alives pass, too.  False for what
// is none of them: it may be RTP or SIP of somebody who took the port; nothing has moved then.
bool open_esp_in_udp(Walk& walk);

}  // namespace tapdeck::engine
