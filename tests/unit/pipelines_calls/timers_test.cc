#include "pipelines/calls/timers.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tapdeck::calls
