// Expiry beside other things that were begun and could not be done.
#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

class DeskExpiryTest : public RetentionTest {
 protected:
  EraseRequest erasure(Uid uid) {
    EraseRequest request;
    request.calls = only({uid});
    request.parts = kPartsAll;
    request.reason = "request 17";
    request.confirmed = true;
    return request;
  }
};

// Its mark lay in the call store, which was made anew; the journal still tells of a time.
TEST_F(DeskExpiryTest, the_journal_stands_for_a_mark_of_the_clock_that_is_lost) {
  const Uid due = add(1);
  ASSERT_TRUE(desk->hold(hold_of(only({add(2)})), clerk));
  store.values.clear();
  open_desk("boot-2");
  pass(15 * kDayUs);
  EXPECT_EQ(desk->apply().error().code, ErrorCode::kBusy);
  EXPECT_TRUE(store.calls.contains(due));
  ASSERT_TRUE(desk->confirm_clock(clerk));
  ASSERT_TRUE(desk->apply());
  EXPECT_FALSE(store.calls.contains(due));
}

// Neither what confirms it nor any other entry that is written by the clock makes that clock right.
TEST_F(DeskExpiryTest, a_rebuilt_call_store_does_not_believe_a_clock_that_is_far_off) {
  const Uid due = add(1);
  ASSERT_TRUE(desk->hold(hold_of(only({add(2)})), clerk));
  store.values.clear();
  store.values[std::string(storage::kRebuiltValue)] = "1";
  pass(400 * kDayUs);
  open_desk("boot-2");
  ASSERT_TRUE(desk->confirm_rebuild(clerk));
  for (int process = 0; process < 2; ++process) {
    const auto refused = desk->apply();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("confirm-clock"), std::string::npos);
    open_desk("boot-2");
  }
  EXPECT_TRUE(store.calls.contains(due));
  ASSERT_TRUE(desk->confirm_clock(clerk));
  ASSERT_TRUE(desk->apply());
  EXPECT_FALSE(store.calls.contains(due));
}

TEST_F(DeskExpiryTest, a_rebuilt_call_store_without_entries_knows_no_time) {
  add(1);
  store.values.clear();
  store.values[std::string(storage::kRebuiltValue)] = "1";
  open_desk();
  ASSERT_TRUE(desk->confirm_rebuild(clerk));
  EXPECT_EQ(desk->apply().error().code, ErrorCode::kBusy);
  ASSERT_TRUE(desk->confirm_clock(clerk));
  EXPECT_TRUE(desk->apply());
}

TEST_F(DeskExpiryTest, what_is_put_into_a_new_store_has_a_time_to_be_compared_with) {
  EXPECT_TRUE(store.values.contains("retention/clock")) << "before anything is due";
}

TEST_F(DeskExpiryTest, a_plan_says_that_a_record_goes_last) {
  const Uid uid = add(1);
  store.calls[uid].recording.expires_us = kStartUs + 30 * kDayUs;
  PlanRequest request;
  request.at_us = kStartUs + 15 * kDayUs;
  auto plan = desk->plan(request);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->rows.size(), 1U) << "its messages";
  EXPECT_EQ(plan->rows[0].parts & kPartCdr, 0);
  pass(15 * kDayUs);
  ASSERT_TRUE(desk->apply());
  EXPECT_TRUE(desk->plan({})->rows.empty());
  request.at_us = kStartUs + 31 * kDayUs;
  plan = desk->plan(request);
  ASSERT_TRUE(plan);
  ASSERT_FALSE(plan->rows.empty());
  for (const PlanRow& row : plan->rows) {
    EXPECT_EQ(row.expires_us, kStartUs + 30 * kDayUs) << int{row.parts};
  }
  pass(16 * kDayUs);
  ASSERT_TRUE(desk->apply());
  EXPECT_FALSE(store.calls.contains(uid));
}

TEST_F(DeskExpiryTest, a_report_of_an_erasure_names_who_else_is_concerned) {
  const Uid uid = add(1, "100");
  EraseRequest request = erasure(uid);
  request.confirmed = false;
  const auto report = desk->erase(request, clerk);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->calls.size(), 1U);
  std::vector<std::string> numbers;
  for (const CallParty& party : store.calls[uid].parties) numbers.push_back(party.number);
  EXPECT_FALSE(numbers.empty());
  EXPECT_EQ(report->calls[0].parties, numbers);
  request.confirmed = true;
  const auto done = desk->erase(request, clerk);
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->calls[0].parties.empty()) << "nobody is named by what was done";
}

// It would be what makes room.
TEST_F(DeskExpiryTest, an_erasure_without_room_does_not_keep_others_from_expiring) {
  const Uid erased = add(1);
  const Uid due = add(2);
  store.calls[erased].recording.expires_us.reset();
  store.calls[erased].recording.sip_expires_us.reset();
  store.calls[erased].recording.cdr_expires_us.reset();
  store.no_room = true;
  EXPECT_FALSE(desk->erase(erasure(erased), clerk));
  EXPECT_EQ(store.parts[erased], 0) << "keys need no room";
  pass(15 * kDayUs);
  for (int i = 0; i < 2; ++i) {
    const auto done = desk->apply();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kResources) << "and it is still said";
    EXPECT_FALSE(store.calls.contains(due));
    EXPECT_EQ(store.reclaims, i + 1);
    store.open_journal();
    open_desk();
  }
  store.no_room = false;
  ASSERT_TRUE(desk->apply());
  EXPECT_TRUE(store.calls[erased].parties[0].name.empty());
}

// Its time as it was before would be too early.
TEST_F(DeskExpiryTest, an_extension_that_was_not_done_keeps_everything) {
  const Uid uid = add(1);
  ASSERT_TRUE(desk->resume());
  ExtendRequest request;
  request.calls = only({uid});
  request.until_us = kStartUs + 20 * kDayUs;
  request.reason = "longer";
  request.confirmed = true;
  store.fail_in = 0;
  EXPECT_FALSE(desk->extend(request, clerk));
  pass(15 * kDayUs);
  store.fail_in = 0;
  EXPECT_FALSE(desk->apply());
  EXPECT_NE(store.parts[uid], 0);
  store.fail_in = -1;
  ASSERT_TRUE(desk->apply());
  EXPECT_NE(store.parts[uid], 0);
}

// The rows of records come first, and are more than one batch holds.
TEST_F(DeskExpiryTest, a_record_that_goes_takes_along_what_is_over_later_than_it) {
  const auto calls = static_cast<std::uint32_t>(storage::kRetiredAtOnceMax + 10);
  for (std::uint32_t i = 1; i <= calls; ++i) {
    CallRecord call = call_of(i);
    *call.recording.sip_expires_us += kDayUs;
    store.put(call);
  }
  pass(9 * kDayUs + kDayUs / 2);
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(store.calls.size(), calls) << "messages are kept a day longer, and so are records";
  pass(2 * kDayUs);
  ASSERT_TRUE(desk->apply());
  EXPECT_TRUE(store.calls.empty());
  for (const auto& [uid, parts] : store.parts) ASSERT_EQ(parts, 0);
}

TEST_F(DeskExpiryTest, an_interrupted_redaction_is_done_again_and_only_once) {
  const Uid uid = add(1);
  ASSERT_TRUE(desk->resume());
  const MediaSpan span{kStartUs, kStartUs + 50, true};
  ASSERT_TRUE(store.journal().commit(
      {.uid = uid, .time_us = kStartUs, .content = Redaction{clerk, "policy", span}}));
  open_desk();
  store.refuses_redactions = true;
  EXPECT_TRUE(desk->resume()) << "everything else goes on";
  ASSERT_TRUE(desk->apply());
  store.refuses_redactions = false;
  open_desk();
  ASSERT_TRUE(desk->resume());
  EXPECT_EQ(store.redacted, (std::vector<std::pair<Uid, MediaSpan>>{{uid, span}}));
  open_desk();
  ASSERT_TRUE(desk->resume());
  EXPECT_EQ(store.redacted.size(), 1U);
}

// A call store that was rebuilt knows what was erased, and nothing of redactions.
TEST_F(DeskExpiryTest, a_rebuilt_call_store_does_all_redactions_again) {
  const Uid uid = add(1);
  const MediaSpan span{kStartUs, kStartUs + 50, true};
  ASSERT_TRUE(store.journal().commit(
      {.uid = uid, .time_us = kStartUs, .content = Redaction{clerk, "policy", span}}));
  ASSERT_TRUE(store.put_value(storage::kDoneValue, "1"));
  ASSERT_TRUE(desk->resume());
  EXPECT_EQ(store.redacted.size(), 1U);
}

TEST_F(DeskExpiryTest, what_is_done_is_marked_now_and_then_but_not_what_the_disk_refused) {
  ASSERT_TRUE(desk->resume());
  const auto mark = [this] { return store.get_value(storage::kRedactedValue)->value(); };
  const std::string before = mark();
  const auto go_on = [this] {
    const storage::LedgerEntry entry{.time_us = kStartUs,
                                     .content = PolicyChange{clerk, {}, {}, 1, "again"}};
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(store.journal().commit(entry));
  };
  go_on();
  desk->future_holds().add_refused(LedgerType::kRedaction, 1);
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(mark(), before);
  desk->future_holds().add_refused(LedgerType::kRedaction, -1);
  go_on();
  ASSERT_TRUE(desk->apply());
  EXPECT_NE(mark(), before);
}

TEST_F(DeskExpiryTest, files_are_rewritten_a_day_after_records_were_masked) {
  ASSERT_TRUE(store.put_value(storage::kMaskedValue, std::to_string(now.wall_us)));
  ASSERT_TRUE(desk->apply());
  pass(kDayUs - kUsPerSecond);
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(store.purges, 0);
  ASSERT_TRUE(store.put_value(storage::kMaskedValue, std::to_string(now.wall_us)));
  pass(kUsPerSecond);
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(store.purges, 1) << "later ones do not put it off";
  pass(2 * kDayUs);
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(store.purges, 1);
  ASSERT_TRUE(store.put_value(storage::kMaskedValue, std::to_string(now.wall_us - kDayUs)));
  ASSERT_TRUE(desk->apply());
  EXPECT_EQ(store.purges, 2);
}

}  // namespace
}  // namespace tapdeck::retention
