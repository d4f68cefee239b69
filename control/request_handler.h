// The service's side of one control connection: handshake, then requests until the client leaves.
// Threads: the client's own thread.  Memory: one page of calls, or one section or message.
// A client that stalls, breaks off or talks nonsense ends its connection and nothing else.
#pragma once

#include "control/frame_io.h"
#include "control/server.h"

namespace tapdeck::control {

// Returns when the client has closed, failed or been shut down.
void serve_client(const Socket& socket, ClientInfo client, const ServerCallbacks& callbacks);

}  // namespace tapdeck::control
