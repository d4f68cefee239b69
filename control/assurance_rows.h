// The report of recording assurance as a table, JSON lines or CSV, one row per group and the sum of
// all.
// Threads: any.  Memory: returns text.
#pragma once

#include <string>
#include <vector>

#include "control/call_rows.h"
#include "pipelines/reports/assurance.h"

namespace tapdeck::control {

struct AssuranceGrouping {
  bool by_day = true;
  bool by_trunk = true;
};

// "day", "trunk", both with a comma between, or "none"; kInvalidArgument says so.
Result<AssuranceGrouping> parse_assurance_grouping(std::string_view text);

// JSON: {sum, day, trunk, calls, recorded, recorded_with_gaps, not_recorded, in_progress, reasons:
// {name: calls}, adds_up}; day and trunk are null where they are not told apart, in the sum, and
// the trunk of calls that have none.
std::string render_assurance(const reports::Assurance& assurance, RowFormat format);

}  // namespace tapdeck::control
