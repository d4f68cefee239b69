#include "control/zone.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <date/tz.h>
#include <exception>

#include "base/clock.h"

namespace tapdeck::control {
namespace {

std::optional<int> parse_digits(std::string_view text) {
  int value = 0;
  for (const char character : text) {
    if (character < '0' || character > '9') return std::nullopt;
    value = value * 10 + (character - '0');
  }
  return value;
}

std::optional<date::year_month_day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_digits(text.substr(0, 4));
  const auto month = parse_digits(text.substr(5, 2));
  const auto day = parse_digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const date::year_month_day parsed{date::year(*year),
                                    date::month(static_cast<unsigned>(*month)),
                                    date::day(static_cast<unsigned>(*day))};
  if (!parsed.ok()) return std::nullopt;
  return parsed;
}

std::string format_clock(std::int64_t clock_us) {
  using Days = date::days;
  const std::chrono::microseconds since_epoch(clock_us);
  const auto day = date::floor<Days>(date::sys_time<std::chrono::microseconds>(since_epoch));
  const date::year_month_day ymd(day);
  const std::int64_t ms_of_day = (since_epoch - day.time_since_epoch()).count() / kUsPerMs;
  std::array<char, 64> text{};
  std::snprintf(text.data(),
                text.size(),
                "%04d-%02u-%02u %02d:%02d:%02d.%03d",
                static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()),
                static_cast<unsigned>(ymd.day()),
                static_cast<int>(ms_of_day / 3'600'000),
                static_cast<int>(ms_of_day / 60'000 % 60),
                static_cast<int>(ms_of_day / 1'000 % 60),
                static_cast<int>(ms_of_day % 1'000));
  return text.data();
}

}  // namespace

Result<std::optional<std::int64_t>> first_instant_of_date(std::string_view text,
                                                          std::string_view zone,
                                                          int days_later) {
  const auto date = parse_date(text);
  if (!date) return std::optional<std::int64_t>();
  try {
    const date::time_zone* located = date::locate_zone(std::string(zone));
    const date::local_seconds midnight = date::local_days(*date) + date::days(days_later);
    const auto instant = located->to_sys(midnight, date::choose::earliest);
    return std::optional(std::int64_t{instant.time_since_epoch().count()} * kUsPerSecond);
  } catch (const std::exception& error) {
    return make_error(ErrorCode::kInvalidArgument,
                      "The time zone '" + std::string(zone) + "' is not known: " + error.what());
  }
}

std::string format_local_ms(std::int64_t utc_us, std::string_view zone) {
  try {
    const date::time_zone* located = date::locate_zone(std::string(zone));
    const date::sys_time<std::chrono::microseconds> instant{std::chrono::microseconds(utc_us)};
    return format_clock(located->to_local(instant).time_since_epoch().count());
  } catch (const std::exception&) {
    return format_clock(utc_us) + "Z";
  }
}

std::string_view DayOf::operator()(std::int64_t utc_us) {
  if (utc_us >= from_us_ && utc_us < to_us_) return day_;
  day_ = format_local_ms(utc_us, zone_).substr(0, 10);
  const auto begin = first_instant_of_date(day_, zone_, 0);
  const auto end = first_instant_of_date(day_, zone_, 1);
  const bool known = begin && end && *begin && *end;
  from_us_ = known ? **begin : utc_us;
  to_us_ = known ? **end : utc_us + 1;
  return day_;
}

}  // namespace tapdeck::control
