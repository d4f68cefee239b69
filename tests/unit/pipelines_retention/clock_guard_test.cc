#include "pipelines/retention/clock_guard.h"

#include <gtest/gtest.h>

namespace tapdeck::retention {
namespace {

constexpr std::int64_t kHourUs = kClockJumpMaxUs;
constexpr ClockReadings kStart{1'790'000'000'000'000, 10'000'000};

ClockReadings later(std::int64_t wall_us, std::int64_t boottime_us) {
  return {kStart.wall_us + wall_us, kStart.boottime_us + boottime_us};
}

TEST(ClockGuardTest, a_store_without_a_time_believes_the_first) {
  ClockGuard guard(kStart, "a", std::nullopt);
  EXPECT_FALSE(guard.doubted());
  EXPECT_TRUE(guard.believe(later(90 * kHourUs, 90 * kHourUs)));
  EXPECT_EQ(guard.describe(), "");
}

TEST(ClockGuardTest, an_hour_against_the_boot_clock_is_let_through_and_no_more) {
  for (const std::int64_t sign : {1, -1}) {
    ClockGuard guard(kStart, "a", std::nullopt);
    EXPECT_TRUE(guard.believe(later(5 + sign * kHourUs, 5)));
    EXPECT_FALSE(guard.believe(later(5 + sign * (kHourUs + 1), 5)));
    EXPECT_EQ(guard.jump_us(), sign * (kHourUs + 1));
    // It does not heal by itself.
    EXPECT_FALSE(guard.believe(later(6, 6)));
    guard.confirm(later(6, 6));
    EXPECT_TRUE(guard.believe(later(7, 7)));
  }
}

TEST(ClockGuardTest, small_jumps_add_up) {
  ClockGuard guard(kStart, "a", std::nullopt);
  EXPECT_TRUE(guard.believe(later(kHourUs / 2, 0)));
  EXPECT_TRUE(guard.believe(later(kHourUs, 0)));
  EXPECT_FALSE(guard.believe(later(kHourUs + kHourUs / 2, 0)));
}

TEST(ClockGuardTest, on_the_same_boot_the_time_away_is_known) {
  const ClockMark left{kStart, "a"};
  EXPECT_FALSE(ClockGuard(later(50 * kHourUs, 50 * kHourUs), "a", left).doubted());
  const ClockGuard moved(later(52 * kHourUs, 50 * kHourUs), "a", left);
  EXPECT_EQ(moved.doubt(), ClockGuard::Doubt::kMoved);
  EXPECT_EQ(moved.jump_us(), 2 * kHourUs);
  EXPECT_NE(moved.describe().find("2 h 0 min forward"), std::string::npos) << moved.describe();
  EXPECT_NE(moved.describe().find("--confirm-clock"), std::string::npos);
}

TEST(ClockGuardTest, after_another_boot_only_a_short_time_forward_is_believed) {
  const ClockMark left{kStart, "a"};
  EXPECT_FALSE(ClockGuard(later(0, -9'000'000), "b", left).doubted());
  EXPECT_FALSE(ClockGuard(later(kHourUs, -9'000'000), "b", left).doubted());
  EXPECT_TRUE(ClockGuard(later(kHourUs + 1, -9'000'000), "b", left).doubted());
  const ClockGuard back(later(-1, -9'000'000), "b", left);
  EXPECT_EQ(back.doubt(), ClockGuard::Doubt::kRestarted);
  EXPECT_EQ(back.jump_us(), -1);
  // A host whose kernel does not name its boots is always another boot.
  EXPECT_TRUE(ClockGuard(later(2 * kHourUs, 2 * kHourUs), "", ClockMark{kStart, ""}).doubted());
}

TEST(ClockGuardTest, what_is_left_is_read_back) {
  const ClockMark mark{{-5, 7}, "4b1f-9"};
  const auto read = decode_clock_mark(encode_clock_mark(mark));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at.wall_us, -5);
  EXPECT_EQ(read->at.boottime_us, 7);
  EXPECT_EQ(read->boot_id, "4b1f-9");
  for (const char* bad :
       {"", "1 ", "1 5", "1 5 x", "2 5 6 a", "1  6 a", "1 99999999999999999999 6 a"}) {
    EXPECT_FALSE(decode_clock_mark(bad)) << bad;
  }
  EXPECT_TRUE(ClockGuard::without_mark(kStart).doubted());
}

TEST(ClockGuardTest, the_host_has_clocks) {
  const ClockReadings first = read_clocks();
  const ClockReadings second = read_clocks();
  EXPECT_GE(second.boottime_us, first.boottime_us);
  EXPECT_GT(first.wall_us, 1'700'000'000'000'000);
  EXPECT_EQ(read_boot_id(), read_boot_id());
}

}  // namespace
}  // namespace tapdeck::retention
