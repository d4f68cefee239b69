#include "pipelines/policy/time_windows.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::policy {
namespace {

constexpr std::uint8_t kWeekdays = 0b0011111;
constexpr std::uint8_t kFriday = 0b0010000;

bool holds(const config::TimeWindow& window, std::string_view at) {
  TimeWindows windows;
  const auto index = windows.add(window);
  return index && windows.holds(*index, *parse_rfc3339_us(at));
}

TEST(TimeWindows, KeepsToDaysAndHoursOfItsZone) {
  const config::TimeWindow office{kWeekdays, 480, 1'080, "Europe/Berlin"};
  EXPECT_TRUE(holds(office, "2026-11-26T07:00:00Z"));  // Thursday 08:00
  EXPECT_FALSE(holds(office, "2026-11-26T06:59:59.999Z"));
  EXPECT_TRUE(holds(office, "2026-11-26T16:59:59.999Z"));
  EXPECT_FALSE(holds(office, "2026-11-26T17:00:00Z"));
  EXPECT_FALSE(holds(office, "2026-11-28T10:00:00Z"));  // Saturday
  EXPECT_TRUE(holds(office, "2026-07-01T06:00:00Z"));   // 08:00 in summer
  EXPECT_FALSE(holds(office, "2026-07-01T05:59:59Z"));
}

TEST(TimeWindows, FollowsTheClockOverItsChanges) {
  const config::TimeWindow night{0x7f, 150, 180, "Europe/Berlin"};  // 02:30 to 03:00
  EXPECT_FALSE(holds(night, "2026-03-29T00:59:59Z"));               // 01:59, then 03:00
  EXPECT_FALSE(holds(night, "2026-03-29T01:00:00Z"));
  EXPECT_TRUE(holds(night, "2026-10-25T00:30:00Z"));  // comes twice
  EXPECT_FALSE(holds(night, "2026-10-25T01:00:00Z"));
  EXPECT_TRUE(holds(night, "2026-10-25T01:30:00Z"));
}

TEST(TimeWindows, MayEndOnTheNextDay) {
  const config::TimeWindow night{kFriday, 1'320, 360, "UTC"};
  EXPECT_FALSE(holds(night, "2026-11-27T21:59:59Z"));
  EXPECT_TRUE(holds(night, "2026-11-27T22:00:00Z"));
  EXPECT_TRUE(holds(night, "2026-11-28T05:59:59Z"));
  EXPECT_FALSE(holds(night, "2026-11-28T06:00:00Z"));
  EXPECT_FALSE(holds(night, "2026-11-27T05:00:00Z"));  // belongs to Thursday
  EXPECT_FALSE(holds(night, "2026-11-28T22:00:00Z"));
}

TEST(TimeWindows, WorksBefore1970) {
  EXPECT_TRUE(holds({0b0000100, 0, 1'440, "UTC"}, "1969-12-31T23:00:00Z"));  // Wednesday
  EXPECT_FALSE(holds({0b0001000, 0, 1'440, "UTC"}, "1969-12-31T23:00:00Z"));
  EXPECT_TRUE(holds({0b0010000, 60, 120, "UTC"}, "1969-12-26T01:30:00Z"));
}

TEST(TimeWindows, EqualOnesAreOne) {
  TimeWindows windows;
  EXPECT_EQ(*windows.add({1, 0, 60, "UTC"}), 0U);
  EXPECT_EQ(*windows.add({1, 0, 60, "Europe/Berlin"}), 1U);
  EXPECT_EQ(*windows.add({1, 0, 60, "UTC"}), 0U);
  EXPECT_FALSE(windows.add({1, 0, 60, "Nowhere"}));
  EXPECT_EQ(windows.size(), 2U);
}

}  // namespace
}  // namespace tapdeck::policy
