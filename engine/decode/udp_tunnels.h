// Tunnels in UDP for decode(): VXLAN, GENEVE and GTP-U.  A port alone makes no tunnel: the header
// and what it carries must fit, so that anything else on such a port stays the UDP payload it is.
// Threads: any.  Memory: none.  Bad input: not a tunnel, or a class.  RFC 7348, RFC 8926,
// 3GPP TS 29.281.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

// The walk is at the UDP payload.  False, and nothing has changed, when it holds no such tunnel.
bool open_udp_tunnel(UdpTunnel tunnel, Walk& walk);

}  // namespace tapdeck::engine
