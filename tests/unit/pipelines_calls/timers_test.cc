#include "pipelines/calls/timers.h"

#include <iterator>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::calls {
namespace {

TEST(TimerQueue, GivesWhatIsDueInOrder) {
  TimerQueue timers;
  timers.arm({30, {1, 1}});
  timers.arm({10, {3, 1}});
  timers.arm({10, {2, 1}});
  EXPECT_FALSE(timers.take_due(9));
  EXPECT_EQ(timers.take_due(10)->call.index, 2U);
  EXPECT_EQ(timers.take_due(10)->call.index, 3U);
  EXPECT_FALSE(timers.take_due(29));
  EXPECT_EQ(timers.take_due(99)->deadline_ns, 30);
  EXPECT_FALSE(timers.take_due(99));
}

// What a plain ordered set would do, however far deadlines are and however time is moved.
TEST(TimerQueue, KeepsTheOrderOverAllDistances) {
  constexpr std::int64_t kStartNs = 1'700'000'000'000'000'000;
  constexpr std::int64_t kDistances[] = {
      0, 1, 50'000'000, 67'108'864, 1'000'000'000, 60'000'000'000, 7'200'000'000'000};
  constexpr std::int64_t kSteps[] = {0, 1'000, 20'000'000, 3'000'000'000, 400'000'000'000};
  std::mt19937_64 random(1);
  TimerQueue timers;
  std::set<TimerQueue::Entry> expected;
  std::int64_t now_ns = kStartNs;
  std::uint32_t index = 0;
  const auto arm = [&] {
    const std::int64_t distance_ns = kDistances[random() % std::size(kDistances)];
    const auto jitter_ns = static_cast<std::int64_t>(random() % 1'000'000);
    const TimerQueue::Entry entry{now_ns + distance_ns + jitter_ns - 500'000, {++index, 1}};
    timers.arm(entry);
    expected.insert(entry);
  };
  for (int i = 0; i < 20; ++i) arm();
  for (int round = 0; round < 3'000; ++round) {
    const bool ends = round == 2'999;
    now_ns += ends ? 10'000'000'000'000 : kSteps[random() % std::size(kSteps)];
    for (std::uint64_t more = random() % 8; more > 0 && !ends; --more) arm();
    while (const auto due = timers.take_due(now_ns)) {
      ASSERT_FALSE(expected.empty());
      ASSERT_EQ(*due, *expected.begin()) << "round " << round;
      expected.erase(expected.begin());
      if (random() % 4 == 0 && !ends) arm();  // while entries are taken, too
    }
    ASSERT_TRUE(expected.empty() || expected.begin()->deadline_ns > now_ns) << "round " << round;
  }
  EXPECT_TRUE(expected.empty());
}

TEST(TimerQueue, TakesDeadlinesBeforeTheEpochAndAtTheEndOfTime) {
  TimerQueue timers;
  timers.arm({INT64_MAX, {1, 1}});
  timers.arm({-5'000'000'000, {2, 1}});
  EXPECT_FALSE(timers.take_due(-5'000'000'001));
  EXPECT_EQ(timers.take_due(-5'000'000'000)->call.index, 2U);
  EXPECT_FALSE(timers.take_due(1'000'000'000'000));
  EXPECT_EQ(timers.take_due(INT64_MAX)->call.index, 1U);
}

TEST(TimerQueue, WhatIsStaleIsForgottenWhereverItWaits) {
  TimerQueue timers;
  timers.arm({kNsPerSecond, {1, 1}});
  EXPECT_FALSE(timers.take_due(kNsPerSecond - 1)) << "it is near now";
  timers.arm({100 * kNsPerSecond, {2, 1}});
  timers.arm({100'000 * kNsPerSecond, {3, 1}});
  timers.arm({2 * kNsPerSecond, {4, 1}});
  ASSERT_EQ(timers.size(), 4U);
  timers.erase_if([](const TimerQueue::Entry& entry) { return entry.call.index != 4; });
  EXPECT_EQ(timers.size(), 1U);
  EXPECT_EQ(timers.take_due(200'000 * kNsPerSecond)->call.index, 4U);
  EXPECT_FALSE(timers.take_due(300'000 * kNsPerSecond));
}

TEST(TimerQueue, SweepsOnlyWhenThereMayBeMany) {
  constexpr std::uint32_t kMany = 65'536;
  const auto is_odd = [](const TimerQueue::Entry& entry) { return entry.call.index % 2 != 0; };
  TimerQueue timers;
  for (std::uint32_t i = 1; i < kMany; ++i) timers.arm({kNsPerSecond, {i, 1}});
  timers.sweep(is_odd);
  EXPECT_EQ(timers.size(), kMany - 1);
  timers.arm({kNsPerSecond, {kMany, 1}});
  timers.sweep(is_odd);
  EXPECT_EQ(timers.size(), kMany / 2);
}

}  // namespace
}  // namespace tapdeck::calls
