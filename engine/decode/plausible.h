// Whether bytes look like the beginning of an IP packet or of an Ethernet frame: for headers that
// do not say what they carry, and for ports on which something else than a tunnel may be.
// Threads: any.  Memory: none.  Bad input: false.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace tapdeck::engine {

// `length` is that of `bytes` on the wire, of which fewer may have been captured.
bool plausible_ipv4(ByteView bytes, std::size_t length);
bool plausible_ipv6(ByteView bytes, std::size_t length);

// IP, ARP or a bridge's LLC behind any tags.  Hardly any IP packet looks so, while many a station's
// address looks like the beginning of one: ask this first.
bool plausible_ethernet(ByteView bytes, std::size_t length);

}  // namespace tapdeck::engine
