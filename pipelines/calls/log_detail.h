// Call records with less in them than was seen, where policy says so (docs/POLICY.md, `log`).
// Threads: any.  Memory: the record's.
#pragma once

#include <string>
#include <string_view>

#include "model/call.h"

namespace tapdeck::calls {

// The last four characters of a number as `x`: "+49711155501" is "+4971115xxxx".
std::string mask_number(std::string_view number);

// Numbers are masked, also within URIs; names, claims, E.164 forms, reason phrases and who the
// directory says they are go.
void mask_record(CallRecord& record);

// Of the call stays that there was one: the quarter of an hour, its outcome, trunk and direction,
// and what became of its recording.  Its uid is another one, the same whenever it is made of the
// same call.
void reduce_to_tally(CallRecord& record);

}  // namespace tapdeck::calls
