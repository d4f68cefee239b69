#include "control/follow.h"

#include <gtest/gtest.h>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

constexpr std::int64_t kNowUs = 1'700'000'100'000'000;

class FollowerTest : public ::testing::Test {
 protected:
  // A call that began `age_s` before kNowUs.
  CallRecord& add(std::int64_t age_s, bool is_final) {
    CallRecord call = testing::make_calls(1, kNowUs - age_s * 1'000'000)[0];
    call.final = is_final;
    contents_.calls.push_back(std::move(call));
    return contents_.calls.back();
  }

  std::vector<Uid> poll(std::int64_t later_s = 0) {
    const auto calls = follower_.poll(kNowUs + later_s * 1'000'000);
    EXPECT_TRUE(calls);
    std::vector<Uid> uids;
    for (const CallRecord& call : *calls) uids.push_back(call.uid);
    return uids;
  }

  testing::FakeContents contents_;
  testing::FakeStore store_{contents_};
  Follower follower_{store_, CallQuery{}, kNowUs};
};

TEST_F(FollowerTest, TellsOnlyWhatAppearsAfterItsStartAndOnce) {
  add(60, true);
  ASSERT_TRUE(follower_.start());
  EXPECT_TRUE(poll().empty());
  const Uid late = add(20, true).uid;
  const Uid early = add(30, true).uid;
  EXPECT_EQ(poll(1), (std::vector<Uid>{early, late})) << "oldest first";
  EXPECT_TRUE(poll(2).empty());
}

TEST_F(FollowerTest, TellsACallAgainWhenItBecomesFinal) {
  const Uid open = add(3'600, false).uid;
  ASSERT_TRUE(follower_.start());
  EXPECT_TRUE(poll().empty());
  contents_.calls[0].final = true;
  EXPECT_EQ(poll(1), std::vector<Uid>{open});
  EXPECT_TRUE(poll(2).empty());
}

TEST_F(FollowerTest, ANewFinalCallIsToldOnce) {
  ASSERT_TRUE(follower_.start());
  add(5, false);
  EXPECT_EQ(poll(1).size(), 1U);
  EXPECT_TRUE(poll(2).empty());
  contents_.calls[0].final = true;
  EXPECT_EQ(poll(3).size(), 1U);
}

TEST_F(FollowerTest, ACallThatIsGoneFromTheStoreIsNoError) {
  add(60, false);
  ASSERT_TRUE(follower_.start());
  contents_.calls.clear();
  EXPECT_TRUE(poll(1).empty());
}

TEST_F(FollowerTest, OldCallsAreNotToldAgainWhenTheyAreForgotten) {
  ASSERT_TRUE(follower_.start());
  add(5, true);
  EXPECT_EQ(poll(1).size(), 1U);
  for (const std::int64_t later_s : {500, 590, 600, 601, 602, 700, 5'000}) {
    EXPECT_TRUE(poll(later_s).empty()) << later_s;
  }
}

}  // namespace
}  // namespace tapdeck::control
