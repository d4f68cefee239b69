// Where a person reads or writes times: days and clock times in the configured zone (IANA name).
// Threads: any; the zone database is read once, on first use.  Memory: its tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tapdeck::control {

// The first instant (UTC microseconds) of YYYY-MM-DD in `zone`, `days_later` days on.  Where a
// clock change skips midnight it is the instant of the change; where midnight comes twice, the
// earlier. nullopt: not a date of that form.  kInvalidArgument: no such zone.
Result<std::optional<std::int64_t>> first_instant_of_date(std::string_view text,
                                                          std::string_view zone,
                                                          int days_later);

// "2026-11-23 20:33:00.123" in `zone`; in UTC with a "Z" behind it when the zone is not known.
std::string format_local_ms(std::int64_t utc_us, std::string_view zone);

}  // namespace tapdeck::control
