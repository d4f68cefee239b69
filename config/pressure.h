// What may go before its time when the disk fills up: whether that makes sense.
// Threads: any.  Memory: strings.  Errors: told through `report` with the option's path.
#pragma once

#include "config/config.h"
#include "config/texts.h"

namespace tapdeck::config {

// Thresholds in their order; each entry once, of a class that there is, that is not locked, and of
// a part that it does not keep for ever.
void check_retention_pressure(const Config& config, const ReportProblem& report);

}  // namespace tapdeck::config
