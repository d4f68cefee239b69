// The answers of the retention desk as JSON, one object each: snake_case, times RFC 3339 UTC with
// microseconds, parts as ["media","sip","cdr"]; null where there is nothing.  Of many calls the
// count is of all and `uids` the first of them.
// Threads: any.  Memory: returns values.
#pragma once

#include <cstddef>
#include <vector>

#include "control/call_json.h"
#include "pipelines/retention/requests.h"

namespace tapdeck::control {

Json answer_to_json(const retention::HoldAnswer& answer);
Json answer_to_json(const retention::ReleaseAnswer& answer);
Json answer_to_json(const std::vector<retention::HoldRow>& matters);  // {holds: []}
Json answer_to_json(const retention::PlanAnswer& answer);
Json answer_to_json(const retention::ApplyAnswer& answer);
Json answer_to_json(const retention::ExtendAnswer& answer);
Json answer_to_json(const retention::EraseAnswer& answer);
Json answer_to_json(const retention::BackupAnswer& answer);

// {rows: [], next_sequence, more}; rows beyond about `bytes_max` are left for the next request.
Json answer_to_json(const retention::JournalAnswer& answer, std::size_t bytes_max);

}  // namespace tapdeck::control
