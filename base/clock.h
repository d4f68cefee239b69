// Times and clocks.  Packet and record times are UTC nanoseconds or microseconds since 1970 in
// std::int64_t, the unit in the name
// (`_ns`, `_us`); timer times are monotonic nanoseconds with no epoch.  A zone exists only where a
// person reads. Threads: any.  Memory: format functions return std::string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapdeck {

constexpr std::int64_t kNsPerUs = 1'000;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kUsPerMs = 1'000;
constexpr std::int64_t kUsPerSecond = 1'000'000;
constexpr std::int64_t kUsPerDay = 86'400 * kUsPerSecond;

std::int64_t wall_now_ns();       // CLOCK_REALTIME
std::int64_t monotonic_now_ns();  // CLOCK_MONOTONIC

// RFC 3339 UTC with six digits: 2026-11-23T19:33:00.123456Z
std::string format_rfc3339_us(std::int64_t utc_us);

// RFC 3339 with any fraction (cut to microseconds) and offset; nullopt when it is not one.  Bare
// dates are not accepted here.
std::optional<std::int64_t> parse_rfc3339_us(std::string_view text);

// UTC day number (days since 1970-01-01) and its YYYYMMDD form, used for retention windows.
constexpr std::int32_t utc_day(std::int64_t utc_us) {
  std::int64_t day = utc_us / kUsPerDay;
  if (utc_us % kUsPerDay < 0) --day;
  return static_cast<std::int32_t>(day);
}

std::string format_utc_day(std::int32_t day);

}  // namespace tapdeck
