#include <gtest/gtest.h>

#include "apps/record_path.h"
#include "base/clock.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::apps {
namespace {

class RecordKeeperTest : public ::testing::Test {
 protected:
  RecordKeeperTest() : store_(storage::open_store(storage::test_options(directory_.path()))) {}

  void send(std::uint8_t number) {
    CallRecord record;
    record.uid = storage::test_uid(number);
    record.first_seen_us = storage::kTestStartMs * 1'000;
    record.version = 1;
    ASSERT_TRUE(queues_.to_keeper.try_push(record));
  }

  const storage::TemporaryDirectory directory_;
  std::unique_ptr<storage::Store> store_;
  RecordQueues queues_{256};
  RecordFigures figures_;
};

TEST_F(RecordKeeperTest, CommitsByAgeOrBySize) {
  RecordKeeper keeper(*store_, queues_, figures_);
  keeper.step(kNsPerSecond);
  send(1);
  EXPECT_EQ(keeper.step(kNsPerSecond + 99 * kNsPerMs), 1U);
  EXPECT_FALSE(store_->get_call(storage::test_uid(1))) << "it waits for company";
  EXPECT_FALSE(keeper.is_idle());
  keeper.step(kNsPerSecond + 100 * kNsPerMs);
  EXPECT_TRUE(store_->get_call(storage::test_uid(1)));
  for (std::uint8_t i = 2; i < 66; ++i) send(i);
  EXPECT_EQ(keeper.step(kNsPerSecond + 101 * kNsPerMs), 64U);
  EXPECT_TRUE(store_->get_call(storage::test_uid(65)));
  EXPECT_EQ(figures_.records_committed.value(), 65U);
  EXPECT_TRUE(keeper.is_idle());
}

class RefusingIntake final : public storage::RecordIntake {
 public:
  explicit RefusingIntake(storage::Store& store) : store_(store) {}

  storage::SegmentWriter& writer() override { return store_.writer(); }

  Result<void> put_calls(std::span<const CallRecord>) override { return refuse(); }

  Result<void> put_events(std::span<const EventRecord>) override { return refuse(); }

  Result<void> put_pending_rows() override { return {}; }

  Result<storage::Presence> presence_of(const Uid&) override { return storage::Presence::kAbsent; }

  Result<void> shred(const Uid& recording, storage::ShredParts) override {
    shredded_.push_back(recording);
    if (recording == storage::test_uid(1) && refuses_to_shred_) return refuse();
    return {};
  }

  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override {
    causes_.push_back(cause);
    spans_.push_back(span.to_us);
    return shred(recording, storage::ShredParts::kMedia);
  }

  std::vector<Uid> shredded_;
  std::vector<std::int64_t> spans_;  // until when
  std::vector<CutCause> causes_;     // of those
  bool refuses_to_shred_ = true;

 private:
  static Result<void> refuse() { return make_error(ErrorCode::kIo, "not now"); }

  storage::Store& store_;
};

TEST_F(RecordKeeperTest, WhatIsRefusedIsCountedAndKept) {
  RefusingIntake intake(*store_);
  RecordKeeper keeper(intake, queues_, figures_);
  EventRecord event;
  ASSERT_TRUE(queues_.events.try_push(event));
  EXPECT_FALSE(keeper.flush());
  send(1);
  EXPECT_FALSE(keeper.flush());
  EXPECT_EQ(figures_.commit_failures.value(), 2U);
  EXPECT_EQ(keeper.count_left(), 1U) << "calls alone are missed";
  EXPECT_FALSE(keeper.is_idle());
}

TEST_F(RecordKeeperTest, ShredsAtOnceAndAgainUntilItWorks) {
  RefusingIntake intake(*store_);
  RecordKeeper keeper(intake, queues_, figures_);
  keeper.step(kNsPerSecond);
  for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
    ShredOrder order = ShredRecording{storage::test_uid(number), storage::ShredParts::kMedia};
    ASSERT_TRUE(queues_.shreds.try_push(order));
  }
  EXPECT_FALSE(keeper.is_idle());
  EXPECT_EQ(keeper.step(kNsPerSecond + 1), 2U);
  EXPECT_EQ(figures_.recordings_shredded.value(), 1U);
  EXPECT_EQ(figures_.commit_failures.value(), 1U);
  EXPECT_FALSE(keeper.is_idle());
  EXPECT_FALSE(keeper.flush());
  intake.refuses_to_shred_ = false;
  EXPECT_TRUE(keeper.flush());
  EXPECT_TRUE(keeper.is_idle());
  EXPECT_EQ(figures_.recordings_shredded.value(), 2U);
  EXPECT_EQ(intake.shredded_.back(), storage::test_uid(1));
}

// Both waited for the disk: what came behind the end of the span must not go.
TEST_F(RecordKeeperTest, OfTwoOrdersForOneStretchTheNewerHolds) {
  RefusingIntake intake(*store_);
  intake.refuses_to_shred_ = false;
  RecordKeeper keeper(intake, queues_, figures_);
  for (const std::int64_t to_us : {INT64_MAX, std::int64_t{9}}) {
    ShredOrder order = ShredMedia{storage::test_uid(1), {.from_us = 5, .to_us = to_us}};
    ASSERT_TRUE(queues_.shreds.try_push(order));
  }
  ShredOrder other = ShredMedia{storage::test_uid(2), {.from_us = 5}, CutCause::kPause};
  ASSERT_TRUE(queues_.shreds.try_push(other));
  EXPECT_TRUE(keeper.flush());
  EXPECT_EQ(intake.spans_, (std::vector<std::int64_t>{9, INT64_MAX}));
  EXPECT_EQ(intake.causes_, (std::vector{CutCause::kPolicy, CutCause::kPause}));
}

TEST_F(RecordKeeperTest, CommitsEventsBesideCalls) {
  RecordKeeper keeper(*store_, queues_, figures_);
  EventRecord event;
  event.time_us = storage::kTestStartMs * 1'000;
  event.call_id = "event";
  ASSERT_TRUE(queues_.events.try_push(event));
  EXPECT_FALSE(keeper.is_idle());
  EXPECT_EQ(keeper.step(kNsPerSecond), 1U);
  EXPECT_TRUE(keeper.is_idle());
  EXPECT_EQ(figures_.events_committed.value(), 1U);
  EXPECT_EQ(figures_.records_committed.value(), 0U);
  const auto page = store_->reader()->find_events({});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 1U);
  EXPECT_EQ(page->events[0].call_id, "event");
}

TEST_F(RecordKeeperTest, FlushCommitsWhateverIsThere) {
  RecordKeeper keeper(*store_, queues_, figures_);
  for (std::uint8_t i = 1; i < 101; ++i) send(i);
  ASSERT_TRUE(keeper.flush());
  EXPECT_TRUE(keeper.is_idle());
  EXPECT_TRUE(store_->get_call(storage::test_uid(100)));
}

}  // namespace
}  // namespace tapdeck::apps
