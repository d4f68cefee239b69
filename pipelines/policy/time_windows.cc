#include "pipelines/policy/time_windows.h"

#include <algorithm>

#include "base/clock.h"

namespace tapdeck::policy {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kDaysPerWeek = 7;
constexpr std::int64_t kEpochWeekday = 3;  // 1970-01-01 was a Thursday; Monday is 0

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

bool begins_on(const config::TimeWindow& window, std::int64_t day) {
  const std::int64_t weekday = (day + kEpochWeekday) % kDaysPerWeek;
  return (window.days >> (weekday < 0 ? weekday + kDaysPerWeek : weekday) & 1) != 0;
}

}  // namespace

Result<std::uint32_t> TimeWindows::add(const config::TimeWindow& window) {
  const auto found = std::ranges::find(windows_, window);
  if (found != windows_.end()) return static_cast<std::uint32_t>(found - windows_.begin());
  auto zone = std::ranges::find(zones_, window.zone, &Zone::name);
  if (zone == zones_.end()) {
    auto table = config::ZoneTable::create(window.zone);
    if (!table) return Error(table.error());
    zones_.push_back({window.zone, std::move(*table)});
    zone = zones_.end() - 1;
  }
  windows_.push_back(window);
  zone_of_.push_back(static_cast<std::uint32_t>(zone - zones_.begin()));
  return static_cast<std::uint32_t>(windows_.size() - 1);
}

bool TimeWindows::holds(std::uint32_t index, std::int64_t time_us) const {
  const config::TimeWindow& window = windows_[index];
  const std::int64_t utc_s = floor_divide(time_us, kUsPerSecond);
  const std::int64_t local_s = utc_s + zones_[zone_of_[index]].table.offset_s(utc_s);
  const std::int64_t day = floor_divide(local_s, kSecondsPerDay);
  const std::int64_t minute = (local_s - day * kSecondsPerDay) / 60;
  if (window.from_minute < window.to_minute) {
    return begins_on(window, day) && minute >= window.from_minute && minute < window.to_minute;
  }
  return (begins_on(window, day) && minute >= window.from_minute) ||
         (begins_on(window, day - 1) && minute < window.to_minute);
}

}  // namespace tapdeck::policy
