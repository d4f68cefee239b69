#include "control/zone.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::control {
namespace {

std::string first_instant(const char* date, const char* zone, int days_later = 0) {
  const auto instant = first_instant_of_date(date, zone, days_later);
  if (!instant) return "error";
  return *instant ? format_rfc3339_us(**instant) : "no date";
}

TEST(Zone, KnowsWhenADayBegins) {
  EXPECT_EQ(first_instant("2026-11-23", "UTC"), "2026-11-23T00:00:00.000000Z");
  EXPECT_EQ(first_instant("2026-11-23", "Europe/Berlin"), "2026-11-22T23:00:00.000000Z");
  EXPECT_EQ(first_instant("2026-07-01", "Europe/Berlin"), "2026-06-30T22:00:00.000000Z");
  EXPECT_EQ(first_instant("2026-12-31", "UTC", 1), "2027-01-01T00:00:00.000000Z");
}

TEST(Zone, HasDaysOf23And25Hours) {
  EXPECT_EQ(first_instant("2026-03-29", "Europe/Berlin", 0), "2026-03-28T23:00:00.000000Z");
  EXPECT_EQ(first_instant("2026-03-29", "Europe/Berlin", 1), "2026-03-29T22:00:00.000000Z");
  EXPECT_EQ(first_instant("2026-10-25", "Europe/Berlin", 0), "2026-10-24T22:00:00.000000Z");
  EXPECT_EQ(first_instant("2026-10-25", "Europe/Berlin", 1), "2026-10-25T23:00:00.000000Z");
}

TEST(Zone, TakesTheChangeWhereMidnightIsSkipped) {
  // Cairo went from 00:00 to 01:00 on 2023-04-28.
  EXPECT_EQ(first_instant("2023-04-28", "Africa/Cairo"), "2023-04-27T22:00:00.000000Z");
}

TEST(Zone, RefusesWhatIsNoDateOrZone) {
  for (const char* text :
       {"2026-02-29", "2026-13-01", "2026-1-1", "26-01-01xx", "2026-01-01T", "-026-01-01", ""}) {
    EXPECT_EQ(first_instant(text, "UTC"), "no date") << text;
  }
  EXPECT_EQ(first_instant("2026-11-23", "Mars/Olympus"), "error");
}

TEST(Zone, ShowsLocalClockTimes) {
  constexpr std::int64_t kTimeUs = 1'700'000'000'123'456;  // 2023-11-14T22:13:20.123456Z
  EXPECT_EQ(format_local_ms(kTimeUs, "UTC"), "2023-11-14 22:13:20.123");
  EXPECT_EQ(format_local_ms(kTimeUs, "Europe/Berlin"), "2023-11-14 23:13:20.123");
  EXPECT_EQ(format_local_ms(kTimeUs, "no zone"), "2023-11-14 22:13:20.123Z");
  EXPECT_EQ(format_local_ms(-1, "UTC"), "1969-12-31 23:59:59.999");
}

TEST(Zone, DaysChangeAtLocalMidnight) {
  constexpr std::int64_t kHourUs = 3'600'000'000;
  constexpr std::int64_t kChangeUs = 1'774'738'800'000'000;  // 2026-03-28T23:00:00Z
  DayOf day_of("Europe/Berlin");
  EXPECT_EQ(day_of(kChangeUs - 1), "2026-03-28");
  EXPECT_EQ(day_of(kChangeUs), "2026-03-29");
  EXPECT_EQ(day_of(kChangeUs + 23 * kHourUs - 1), "2026-03-29") << "a day of 23 hours";
  EXPECT_EQ(day_of(kChangeUs + 23 * kHourUs), "2026-03-30");
  EXPECT_EQ(day_of(kChangeUs - 1), "2026-03-28") << "and back";
  DayOf unknown("no zone");
  EXPECT_EQ(unknown(kChangeUs), "2026-03-28");
  EXPECT_EQ(unknown(kChangeUs + kHourUs), "2026-03-29");
}

}  // namespace
}  // namespace tapdeck::control
