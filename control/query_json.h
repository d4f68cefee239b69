// Filters as the journal's readers see them: one object with those that are set, under the names of
// the options (`marketing_channel` for --marketing-channel).
// Threads: any.  Memory: returns values.
#pragma once

#include <string>

#include "control/call_json.h"
#include "model/call_query.h"

namespace tapdeck::control {

Json query_to_json(const CallQuery& query);

// "number=+49891234 from=2026-11-23T00:00:00.000000Z", cut where it is longer than a text of the
// journal may be.
std::string query_to_text(const CallQuery& query);

// Whether any filter is set; limit and cursor are none.
bool has_filters(const CallQuery& query);

}  // namespace tapdeck::control
