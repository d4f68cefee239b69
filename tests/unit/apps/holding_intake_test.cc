// Records and orders to destroy on their way to the store: the journal comes first.
#include "apps/holding_intake.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "pipelines/retention/desk.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::apps {
namespace {

CallRecord call_of(std::uint8_t number, const std::string& caller) {
  CallRecord call;
  call.uid = storage::test_uid(number);
  call.start_us = wall_now_ns() / kNsPerUs;
  call.final = true;
  call.state = CallState::kEnded;
  call.parties.resize(1);
  call.parties[0].number = caller;
  call.caller = 0;
  return call;
}

class HoldingIntakeTest : public ::testing::Test {
 protected:
  HoldingIntakeTest()
      : store_(storage::open_store(storage::test_options(directory_.path()))),
        desk_(*store_, {}),
        intake_(*store_, desk_.future_holds(), store_->journal()) {}

  [[nodiscard]] bool held(std::uint8_t number) const {
    return store_->journal().look([number](const storage::LedgerState& state) {
      return state.is_held(storage::test_uid(number));
    });
  }

  storage::TemporaryDirectory directory_;
  std::unique_ptr<storage::Store> store_;
  retention::RetentionDesk desk_;
  HoldingIntake intake_;
};

TEST_F(HoldingIntakeTest, ACallThatAMatterWaitsForIsHeldWithItsFirstRecord) {
  retention::HoldRequest request;
  request.future = true;
  request.matter = "M-1";
  request.reason = "subpoena";
  request.calls.query.emplace();
  request.calls.query->number = "4711";
  ASSERT_TRUE(desk_.hold(request, {}));
  const std::vector calls{call_of(1, "4711"), call_of(2, "4712")};
  ASSERT_TRUE(intake_.put_calls(calls));
  EXPECT_TRUE(held(1));
  EXPECT_FALSE(held(2));
  EXPECT_TRUE(store_->get_call(storage::test_uid(1)));
}

TEST_F(HoldingIntakeTest, WhatIsDestroyedIsWrittenDownOnceBefore) {
  const std::uint64_t before = store_->journal().figures().entries;
  ASSERT_TRUE(intake_.shred(storage::test_uid(3), storage::ShredParts::kMedia));
  EXPECT_EQ(store_->journal().figures().entries, before + 1);
  ASSERT_TRUE(intake_.shred(storage::test_uid(3), storage::ShredParts::kMedia));
  EXPECT_EQ(store_->journal().figures().entries, before + 1);
  EXPECT_EQ(store_->journal().look([](const storage::LedgerState& state) {
    return state.erased_parts(storage::test_uid(3));
  }),
            kPartMedia);
}

}  // namespace
}  // namespace tapdeck::apps
