#include "base/clock.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace tapdeck {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * kNsPerSecond + now.tv_nsec;
}

// Reads exactly `width` decimal digits at `at`; -1 when they are not there.
int read_digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Reads ".ddd" at `*at` into microseconds and moves `*at` past it; 0 when there is none, -1 when
// malformed.
int read_fraction_us(std::string_view text, std::size_t* at) {
  if (*at >= text.size() || text[*at] != '.') return 0;
  std::size_t digits = 0;
  int value = 0;
  for (++*at; *at < text.size() && text[*at] >= '0' && text[*at] <= '9'; ++*at, ++digits) {
    if (digits < 6) value = value * 10 + (text[*at] - '0');
  }
  if (digits == 0) return -1;
  for (std::size_t i = digits; i < 6; ++i) value *= 10;
  return value;
}

std::optional<int> read_offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hours = read_digits(text, 1, 2);
  const int minutes = read_digits(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

std::int64_t wall_now_ns() { return read_clock(CLOCK_REALTIME); }

std::int64_t monotonic_now_ns() { return read_clock(CLOCK_MONOTONIC); }

std::string format_rfc3339_us(std::int64_t utc_us) {
  std::int64_t seconds = utc_us / kUsPerSecond;
  std::int64_t micros = utc_us % kUsPerSecond;
  if (micros < 0) {
    micros += kUsPerSecond;
    --seconds;
  }
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const int written = std::snprintf(text.data(),
                                    text.size(),
                                    "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                                    parts.tm_year + 1900,
                                    parts.tm_mon + 1,
                                    parts.tm_mday,
                                    parts.tm_hour,
                                    parts.tm_min,
                                    parts.tm_sec,
                                    static_cast<int>(micros));
  return {text.data(), static_cast<std::size_t>(written)};
}

std::optional<std::int64_t> parse_rfc3339_us(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const int year_value = read_digits(text, 0, 4);
  const int month_value = read_digits(text, 5, 2);
  const int day_value = read_digits(text, 8, 2);
  const int hour = read_digits(text, 11, 2);
  const int minute = read_digits(text, 14, 2);
  const int second = read_digits(text, 17, 2);
  if (year_value < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60)
    return std::nullopt;
  if (month_value < 1 || day_value < 1) return std::nullopt;
  const year_month_day date{year{year_value},
                            month{static_cast<unsigned>(month_value)},
                            day{static_cast<unsigned>(day_value)}};
  if (!date.ok()) return std::nullopt;
  std::size_t at = 19;
  const int micros = read_fraction_us(text, &at);
  const std::optional<int> offset = read_offset_minutes(text.substr(at));
  if (micros < 0 || !offset) return std::nullopt;
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds =
      days * 86'400 + hour * 3'600 + minute * 60 + second - std::int64_t{*offset} * 60;
  return seconds * kUsPerSecond + micros;
}

std::string format_utc_day(std::int32_t day) {
  using namespace std::chrono;
  const year_month_day date{sys_days{days{day}}};
  std::array<char, 32> text{};
  const int written = std::snprintf(text.data(),
                                    text.size(),
                                    "%04d%02u%02u",
                                    static_cast<int>(date.year()),
                                    static_cast<unsigned>(date.month()),
                                    static_cast<unsigned>(date.day()));
  return {text.data(), static_cast<std::size_t>(written)};
}

}  // namespace tapdeck
