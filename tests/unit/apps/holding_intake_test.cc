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

// A store whose disk carries out no order to destroy something.
class KeepingIntake final : public storage::RecordIntake {
 public:
  explicit KeepingIntake(storage::RecordIntake& intake) : intake_(intake) {}

  storage::SegmentWriter& writer() override { return intake_.writer(); }

  Result<void> put_calls(std::span<const CallRecord> calls) override {
    return intake_.put_calls(calls);
  }

  Result<void> put_events(std::span<const EventRecord> events) override {
    return intake_.put_events(events);
  }

  Result<void> put_pending_rows() override { return intake_.put_pending_rows(); }

  Result<storage::Presence> presence_of(const Uid& uid) override {
    return intake_.presence_of(uid);
  }

  Result<void> shred(const Uid& /*uid*/, storage::ShredParts /*parts*/) override { return done(); }

  Result<void> shred_media(const Uid& /*uid*/,
                           const MediaSpan& /*span*/,
                           CutCause /*cause*/) override {
    return done();
  }

  bool refuses = true;

 private:
  [[nodiscard]] Result<void> done() const {
    return refuses ? make_error(ErrorCode::kIo, "The disk is full.") : Result<void>();
  }

  storage::RecordIntake& intake_;
};

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

TEST_F(HoldingIntakeTest, WhatTheDiskRefusesIsNotTakenForDone) {
  retention::FutureHolds& holds = desk_.future_holds();
  KeepingIntake refusing(*store_);
  HoldingIntake intake(refusing, holds, store_->journal());
  const Uid uid = storage::test_uid(3);
  EXPECT_FALSE(intake.shred(uid, storage::ShredParts::kMedia));
  EXPECT_FALSE(intake.shred(uid, storage::ShredParts::kMedia));
  EXPECT_FALSE(intake.shred_media(uid, {}, CutCause::kPause));
  EXPECT_TRUE(holds.has_refused(LedgerType::kErasure));
  EXPECT_TRUE(holds.has_refused(LedgerType::kRedaction));
  refusing.refuses = false;
  EXPECT_TRUE(intake.shred(uid, storage::ShredParts::kMedia));
  EXPECT_FALSE(holds.has_refused(LedgerType::kErasure));
  EXPECT_TRUE(holds.has_refused(LedgerType::kRedaction));
  EXPECT_TRUE(intake.shred_media(uid, {.video_only = true}, CutCause::kPolicy));
  EXPECT_TRUE(holds.has_refused(LedgerType::kRedaction)) << "that of all streams";
  EXPECT_TRUE(intake.shred_media(uid, {.to_us = 5}, CutCause::kPause))
      << "in place of the one without an end";
  EXPECT_FALSE(holds.has_refused(LedgerType::kRedaction));
}

}  // namespace
}  // namespace tapdeck::apps
