// What header fields claim of a call, and its edges to other calls, as JSON: the members that
// call_to_json() adds for them.  Every name is always there.
// Threads: any.  Memory: returns values.
#pragma once

#include "control/call_json.h"

namespace tapdeck::control {

// identities, attestation, passports, session_id, charging_vector, reason_headers, headers,
// claims_left_out.  Nothing in a PASSporT was checked: `verified` is false.
void add_claims(const CallRecord& call, Json& json);

// replaces, replaced_by (the first edge of the kind, or null) and edges.
void add_edges(const CallRecord& call, Json& json);

// {to, by, kind, to_e164} and, of the edge that tells of it, outcome, status_code, call, call_id;
// null when the call was not transferred.
Json transfer_to_json(const CallRecord& call);

}  // namespace tapdeck::control
