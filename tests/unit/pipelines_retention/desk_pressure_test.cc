// What goes before its time when the disk fills up, and what never does.
#include "pipelines/retention/desk_values.h"
#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

constexpr std::uint64_t kOneMedia = 1'000;  // as FakeStore::bytes_of() says
constexpr std::uint64_t kAll = UINT64_MAX;

class DeskPressureTest : public RetentionTest {
 protected:
  void use(std::vector<EarlyExpiry> order) {
    early = std::move(order);
    open_desk();
  }

  Relief relieve(std::uint64_t bytes, bool more) {
    Relief done;
    const auto left = desk->relieve(bytes, done);
    EXPECT_TRUE(left) << error_of(left);
    EXPECT_EQ(left && *left, more);
    return done;
  }

  // Until nothing more may go; how many did.
  std::uint64_t relieve_all() {
    std::uint64_t gone = 0;
    for (bool more = true; more;) {
      Relief done;
      const auto left = desk->relieve(kAll, done);
      EXPECT_TRUE(left) << error_of(left);
      more = left && *left;
      gone += done.gone.expired;
    }
    return gone;
  }

  bool has(const Uid& uid, RecordingParts part) { return (store.parts[uid] & part) != 0; }

  std::vector<Expiry> expiries() {
    JournalRequest request;
    request.type = LedgerType::kExpiry;
    const auto answer = desk->journal(request);
    EXPECT_TRUE(answer) << error_of(answer);
    std::vector<Expiry> found;
    for (const JournalRow& row : answer->rows) found.push_back(std::get<Expiry>(*row.content));
    return found;
  }
};

TEST_F(DeskPressureTest, WithoutAnOrderNothingGoesEarly) {
  const Uid uid = add(1);
  EXPECT_FALSE(desk->may_relieve());
  EXPECT_EQ(relieve(kAll, false).gone.expired, 0U);
  EXPECT_TRUE(has(uid, kPartMedia));
}

TEST_F(DeskPressureTest, AsMuchGoesAsIsAskedForInTheOrderOfTheConfiguration) {
  use({{"open"}, {"default"}, {"open", kPartSip}});
  std::vector<Uid> plain;
  for (std::uint32_t i = 0; i < 3; ++i) plain.push_back(add(10 - i));  // the newest first
  const Uid other = add(1, "100", "");
  const Relief first = relieve(kOneMedia + 1, true);
  EXPECT_EQ(first.gone.expired, 2U);
  EXPECT_EQ(first.bytes, 2 * kOneMedia);
  EXPECT_EQ(first.class_name, "open");
  EXPECT_EQ(first.parts, kPartMedia);
  EXPECT_EQ(first.gone.segments_removed, 1U) << "its room comes back at once";
  EXPECT_FALSE(has(plain[2], kPartMedia)) << "the oldest first";
  EXPECT_FALSE(has(plain[1], kPartMedia));
  EXPECT_TRUE(has(plain[0], kPartMedia));
  EXPECT_TRUE(has(plain[2], kPartSip));
  EXPECT_TRUE(has(other, kPartMedia));
  EXPECT_EQ(store.calls[plain[2]].recording.lifecycle, RecordingLifecycle::kExpired);
  EXPECT_EQ(relieve(kAll, true).gone.expired, 1U);
  EXPECT_TRUE(has(other, kPartMedia)) << "one entry at a time";
  EXPECT_EQ(relieve(kAll, true).class_name, "default");
  EXPECT_FALSE(has(other, kPartMedia));
  EXPECT_TRUE(has(other, kPartSip)) << "is not in the order";
  const Relief last = relieve(kAll, false);
  EXPECT_EQ(last.parts, kPartSip);
  EXPECT_EQ(last.gone.expired, 3U);
  EXPECT_EQ(store.calls.size(), 4U) << "records stay";
  EXPECT_EQ(relieve_all(), 0U);
}

TEST_F(DeskPressureTest, TheJournalSaysThatItWasBeforeItsTime) {
  use({{"open"}});
  const Uid uid = add(1);
  relieve(1, true);
  const auto rows = expiries();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].cause, ExpiryCause::kPressure);
  EXPECT_EQ(rows[0].class_name, "open");
  EXPECT_EQ(rows[0].parts, kPartMedia);
  EXPECT_EQ(rows[0].uids, std::vector<Uid>{uid});
  pass(20 * kDayUs);
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(expiries().back().cause, ExpiryCause::kTime);
}

TEST_F(DeskPressureTest, WhatIsHeldLockedOrWasLengthenedNeverGoesEarly) {
  use({{"locked"}, {"unknown"}, {"open"}});
  const Uid locked = add(1, "100", "locked");
  const Uid unknown = add(2, "100", "unknown");
  const Uid held = add(3);
  const Uid lengthened = add(4);
  const Uid plain = add(5);
  const Uid locked_once = add(6);
  store.calls[locked_once].recording.locked = true;
  ASSERT_TRUE(desk->hold(hold_of(only({held})), clerk));
  ExtendRequest longer;
  longer.calls = only({lengthened});
  longer.until_us = kStartUs + 30 * kDayUs;
  longer.parts = kPartMedia;
  longer.reason = "inquiry";
  longer.confirmed = true;
  ASSERT_TRUE(desk->extend(longer, clerk));
  EXPECT_EQ(relieve_all(), 1U);
  for (const Uid& kept : {locked, locked_once, unknown, held, lengthened})
    EXPECT_TRUE(has(kept, kPartMedia));
  EXPECT_FALSE(has(plain, kPartMedia));
  ASSERT_TRUE(desk->release({"M1", "settled", std::nullopt}, clerk));
  EXPECT_EQ(relieve_all(), 1U);
  EXPECT_FALSE(has(held, kPartMedia));
}

TEST_F(DeskPressureTest, ACallThatRunsStays) {
  use({{"open"}});
  const Uid uid = add(1);
  store.calls[uid].state = CallState::kInProgress;
  EXPECT_EQ(relieve_all(), 0U);
}

TEST_F(DeskPressureTest, ManyGoInBatches) {
  use({{"open"}});
  const std::uint32_t many = storage::kRetiredAtOnceMax + 100;
  for (std::uint32_t i = 0; i < many; ++i) add(i);
  EXPECT_LE(relieve(kAll, true).gone.expired, storage::kRetiredAtOnceMax);
  EXPECT_GT(relieve_all(), 0U);
  for (const auto& [uid, there] : store.parts) ASSERT_EQ(there, kPartSip);
}

TEST_F(DeskPressureTest, WhileTheClockIsDoubtedNothingGoes) {
  use({{"open"}});
  add(1);
  ASSERT_TRUE(desk->apply());
  now.wall_us += 2 * 3'600 * kUsPerSecond;
  Relief done;
  EXPECT_EQ(desk->relieve(kAll, done).error().code, ErrorCode::kBusy);
  ASSERT_TRUE(desk->confirm_clock(clerk));
  EXPECT_EQ(relieve_all(), 1U);
}

// Wherever a write fails, what the journal says went is gone once the store writes again.
TEST_F(DeskPressureTest, WhatWasBegunIsEnded) {
  use({{"open"}});
  for (int writes = 0; writes < 8; ++writes) {
    SCOPED_TRACE(writes);
    const auto number = static_cast<std::uint32_t>(writes);
    const Uid one = add(2 * number);
    const Uid two = add(2 * number + 1);
    store.fail_in = writes;
    Relief done;
    const bool worked = desk->relieve(2 * kOneMedia, done).has_value();
    store.fail_in = -1;
    const auto told = expiries();
    const bool begun = !told.empty() && told.back().uids == std::vector<Uid>{one, two};
    store.open_journal();
    open_desk();
    ASSERT_TRUE(desk->resume());
    if (worked || begun) {
      EXPECT_FALSE(has(one, kPartMedia) || has(two, kPartMedia));
    }
    EXPECT_EQ(has(one, kPartMedia), has(two, kPartMedia));
    EXPECT_EQ(store.values[std::string(kEarlyValue)], "");
    relieve_all();
  }
}

TEST_F(DeskPressureTest, AHoldThatCameInBetweenHolds) {
  use({{"open"}});
  const Uid one = add(1);
  const Uid two = add(2);
  store.values[std::string(kEarlyValue)] =
      "open 1\n" + to_string(one) + "\nnonsense\n" + to_string(two) + "\n";
  ASSERT_TRUE(desk->hold(hold_of(only({two})), clerk));
  ASSERT_TRUE(desk->resume());
  EXPECT_FALSE(has(one, kPartMedia));
  EXPECT_TRUE(has(two, kPartMedia));
  store.values[std::string(kEarlyValue)] = "nonsense";
  EXPECT_TRUE(desk->resume());
}

TEST_F(DeskPressureTest, ThePlanIsWhatWouldGo) {
  use({{"open"}, {"locked"}, {"open", kPartSip}});
  const Uid plain = add(2);
  const Uid held = add(1);
  add(3, "100", "locked");
  ASSERT_TRUE(desk->hold(hold_of(only({held})), clerk));
  PlanRequest request;
  request.early = true;
  const auto plan = desk->plan(request);
  ASSERT_TRUE(plan) << error_of(plan);
  ASSERT_EQ(plan->rows.size(), 4U);
  EXPECT_EQ(plan->rows[0].uid, held);
  EXPECT_EQ(plan->rows[0].fate, Fate::kHeld);
  EXPECT_EQ(plan->rows[1].uid, plain);
  EXPECT_EQ(plan->rows[1].parts, kPartMedia);
  EXPECT_EQ(plan->rows[3].parts, kPartSip);
  EXPECT_EQ(plan->going, 2U);
  EXPECT_EQ(plan->bytes_going, kOneMedia + 10);
  EXPECT_EQ(plan->bytes_held, kOneMedia + 10);
  request.calls = only({plain});
  EXPECT_EQ(desk->plan(request)->rows.size(), 2U);
  EXPECT_TRUE(has(plain, kPartMedia)) << "nothing is changed";
}

}  // namespace
}  // namespace tapdeck::retention
