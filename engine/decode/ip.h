// IPv4, IPv6 with its extension headers, and what they carry, for decode(): UDP with the tunnels in
// it, IP in IP, GRE, ESP that encrypts nothing, and the ports of TCP and SCTP.
// Threads: any.  Memory: none.  Bad input: a class.  RFC 791, RFC 8200, RFC 768, RFC 2003, RFC
// 4213, RFC 4302.
#pragma once

#include "engine/decode/ip_header.h"
#include "engine/decode/walk.h"

namespace tapdeck::engine {

void decode_ipv4(Walk& walk);
void decode_ipv6(Walk& walk);

// By the version in the first nibble.
void decode_ip(Walk& walk);

// What Walk::protocol says.
void decode_protocol(Walk& walk);

}  // namespace tapdeck::engine
