#include "pipelines/calls/finished_calls.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

TEST(FinishedCalls, RemembersForAWhileByRealm) {
  FinishedCalls finished(10, 42);
  finished.add(0, "a", 100);
  EXPECT_TRUE(finished.contains(0, "a", 99));
  EXPECT_FALSE(finished.contains(1, "a", 99));
  EXPECT_FALSE(finished.contains(0, "b", 99));
  EXPECT_FALSE(finished.contains(0, "a", 100));
}

TEST(FinishedCalls, ForgetsTheOldestFirstAndKeepsARepeatedOne) {
  FinishedCalls finished(2, 42);
  finished.add(0, "a", 100);
  finished.add(0, "b", 110);
  finished.add(0, "a", 120);  // drops the first "a", not what it stands for now
  EXPECT_TRUE(finished.contains(0, "a", 105));
  EXPECT_TRUE(finished.contains(0, "b", 105));
  finished.add(0, "c", 130);
  EXPECT_FALSE(finished.contains(0, "b", 105));
}

TEST(PastCalls, RemembersLongerThoseThatFellSilent) {
  PastCalls past(10, 42);
  past.add(0, "said", {.repeats_until_ns = 100, .silent_until_ns = 200});
  past.add(0, "silent", {.fell_silent = true, .repeats_until_ns = 100, .silent_until_ns = 200});
  EXPECT_TRUE(past.has_finished(0, "said", 99));
  EXPECT_FALSE(past.fell_silent(0, "said", 99));
  EXPECT_TRUE(past.fell_silent(0, "silent", 199));
  EXPECT_FALSE(past.has_finished(0, "silent", 100));
  EXPECT_FALSE(past.fell_silent(0, "silent", 200));
}

}  // namespace
}  // namespace tapdeck::calls
