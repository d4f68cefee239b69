// Where a person reads or writes times: days and clock times in the configured zone (IANA name).
// Threads: any; the zone database is read once, on first use.  Memory: its tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

// Days of `zone` as "2026-11-23", of UTC when it is not known.  Of times in about their order, one
// in a day costs a look at the zone.
class DayOf {
 public:
  explicit DayOf(std::string zone) : zone_(std::move(zone)) {}

  // Good until the next call.
  std::string_view operator()(std::int64_t utc_us);

 private:
  std::string zone_;
  std::string day_;
  std::int64_t from_us_ = 0;  // day_ is the day of [from_us_, to_us_)
  std::int64_t to_us_ = 0;
};

}  // namespace tapdeck::control
