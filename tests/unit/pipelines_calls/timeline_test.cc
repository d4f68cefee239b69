#include "pipelines/calls/timeline.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

TEST(Timeline, SumsClosedAndOpenIntervals) {
  Timeline line;
  line.set(false, 5);
  line.set(true, 10);
  line.set(true, 12);  // still the same interval
  line.set(false, 20);
  line.set(true, 30);
  EXPECT_TRUE(line.is_on());
  EXPECT_EQ(line.total_ns(35), 15);
  ASSERT_EQ(line.until(35).size(), 2U);
  EXPECT_EQ(line.until(35)[1].from_ns, 30);
  EXPECT_EQ(line.total_ns(25), 10) << "an open interval is never negative";
}

TEST(Timeline, IsBounded) {
  Timeline line;
  for (std::int64_t i = 0; i < 2000; ++i) line.set(i % 2 == 0, i);
  EXPECT_EQ(line.until(2000).size(), kIntervalsMax);
  EXPECT_EQ(line.until(2000).back().to_ns, 1999);
}

}  // namespace
}  // namespace tapdeck::calls
