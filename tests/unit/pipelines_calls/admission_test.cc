#include "pipelines/calls/admission.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::calls {
namespace {

class AdmissionTest : public ::testing::Test {
 protected:
  // Holds for `ms`, looked at every 10 ms.
  void stay(double spare, std::int64_t ms = 10, std::uint64_t streams = UINT64_MAX) {
    for (std::int64_t until = now_ns_ + ms * kNsPerMs; now_ns_ < until; now_ns_ += 10 * kNsPerMs) {
      admission_.observe({spare, streams}, recordings_, now_ns_);
      recordings_ -= admission_.surplus(recordings_);
    }
  }

  Admission admission_;
  std::uint64_t recordings_ = 1'000;
  std::int64_t now_ns_ = 0;
};

TEST_F(AdmissionTest, AStallOfASecondPassesUnnoticed) {
  for (int left = 100; left >= 13; --left) stay(left / 100.0);
  EXPECT_TRUE(admission_.admits(0));
  EXPECT_EQ(admission_.pressure(0), MediaPressure::kNone);
  for (int left = 13; left <= 100; ++left) stay(left / 100.0);
  EXPECT_TRUE(admission_.admits(0));
  EXPECT_EQ(recordings_, 1'000U);
}

TEST_F(AdmissionTest, RefusesWhenChunksAreFewAndAdmitsWhenTheyAreManyAgain) {
  stay(0.12);
  EXPECT_FALSE(admission_.admits(0));
  EXPECT_EQ(admission_.pressure(0), MediaPressure::kDiskBehind);
  stay(0.74, 5'000);
  EXPECT_FALSE(admission_.admits(0));
  stay(0.76);
  EXPECT_TRUE(admission_.admits(0));
  EXPECT_EQ(recordings_, 1'000U);
}

TEST_F(AdmissionTest, RefusesWhenTheDiskIsBehindForLong) {
  stay(0.49, 1'900);
  EXPECT_TRUE(admission_.admits(0));
  stay(0.6);
  stay(0.49, 1'900);
  EXPECT_TRUE(admission_.admits(0));
  stay(0.49, 200);
  EXPECT_FALSE(admission_.admits(0));
}

TEST_F(AdmissionTest, CutsInProportionAndNeverAll) {
  stay(1.0 / 16);
  EXPECT_EQ(recordings_, 1'000U);
  stay(1.0 / 32);
  EXPECT_EQ(recordings_, 500U);
  EXPECT_EQ(admission_.pressure(0), MediaPressure::kCutting);
  stay(1.0 / 20, 100);  // it gets better: those that are left stay
  EXPECT_EQ(recordings_, 500U);
  stay(1.0 / 64);
  EXPECT_EQ(recordings_, 250U);
  stay(0.0001, 10'000);
  EXPECT_GE(recordings_, 1U);
  EXPECT_FALSE(admission_.may_restore(0));
  stay(0.5);
  EXPECT_FALSE(admission_.may_restore(0));
  stay(0.8);
  EXPECT_TRUE(admission_.may_restore(0));
}

TEST_F(AdmissionTest, EachCallNeedsRoomForTwoStreams) {
  stay(1, 10, 3);
  EXPECT_TRUE(admission_.admits(0));
  EXPECT_FALSE(admission_.admits(2));
  EXPECT_EQ(admission_.pressure(2), MediaPressure::kStreamsFull);
  EXPECT_EQ(recordings_, 1'000U);
}

TEST_F(AdmissionTest, AFullDiskHasRoomForCallsOfHighPriority) {
  EXPECT_TRUE(admission_.has_space_for(0));
  admission_.observe({1, 100, 101}, recordings_, now_ns_);
  EXPECT_FALSE(admission_.has_space_for(100));
  EXPECT_TRUE(admission_.has_space_for(101));
  EXPECT_EQ(admission_.surplus(recordings_), 0U) << "those that run go on";
  EXPECT_EQ(admission_.pressure(0), MediaPressure::kDiskFull);
  admission_.observe({1, 100, kPriorityNone}, recordings_, now_ns_);
  EXPECT_FALSE(admission_.has_space_for(255));
  admission_.observe({0.1, 100, kPriorityNone}, recordings_, now_ns_);
  EXPECT_EQ(admission_.pressure(0), MediaPressure::kDiskBehind);
  admission_.observe({1, 100, 0}, recordings_, now_ns_);
  EXPECT_TRUE(admission_.has_space_for(0));
  EXPECT_EQ(admission_.pressure(0), MediaPressure::kNone);
}

}  // namespace
}  // namespace tapdeck::calls
