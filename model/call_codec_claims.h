// The parts of a stored call record that most calls do not have: claims, edges, declared addresses.
// Used by the call codec alone.  Threads: any.  Memory: values.  Bad bytes: `good` becomes false.
#pragma once

#include <call.pb.h>

#include "model/call.h"

namespace tapdeck {

void write_claims(const CallClaims& claims, wire::ClaimsV1* to);
void write_edge(const CallEdge& edge, wire::EdgeV1* to);

CallClaims read_claims(const wire::ClaimsV1& from, bool& good);
CallEdge read_edge(const wire::EdgeV1& from, bool& good);

}  // namespace tapdeck
