#include "pipelines/retention/desk.h"

#include "pipelines/retention/certificate.h"
#include "pipelines/retention/desk_values.h"
#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

class RetentionDeskTest : public RetentionTest {
 protected:
  ApplyAnswer apply() {
    const auto done = desk->apply();
    EXPECT_TRUE(done) << error_of(done);
    return done ? *done : ApplyAnswer{};
  }

  ExtendRequest extension(const Uid& uid, std::int64_t days) {
    ExtendRequest request;
    request.calls = only({uid});
    request.until_us = kStartUs + days * kDayUs;
    request.reason = "inquiry";
    request.confirmed = true;
    return request;
  }
};

TEST_F(RetentionDeskTest, a_hold_tells_what_it_found) {
  const Uid plain = add(1);
  const Uid unrecorded = add(2);
  store.calls[unrecorded].recording.state = RecordingState::kNotRecorded;
  const Uid gone = add(3);
  store.calls[gone].recording.lifecycle = RecordingLifecycle::kExpired;
  ASSERT_TRUE(desk->hold(hold_of(only({plain})), clerk));
  const auto answer = desk->hold(hold_of(by_number("100")), clerk);
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_EQ(answer->held.named, (std::vector<Uid>{unrecorded, gone}));
  EXPECT_EQ(answer->already_held.named, std::vector<Uid>{plain});
  EXPECT_EQ(answer->not_recorded.named, std::vector<Uid>{unrecorded});
  EXPECT_EQ(answer->gone.named, std::vector<Uid>{gone});
  EXPECT_EQ(answer->sequence, 1U);
}

TEST_F(RetentionDeskTest, holds_that_make_no_sense_hold_nothing) {
  const Uid uid = add(1);
  EXPECT_EQ(desk->hold(hold_of(only({uid, testing::ledger_uid(9)})), clerk).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(desk->hold(hold_of(by_number("7")), clerk).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(desk->hold(hold_of(only({uid}), ""), clerk));
  HoldRequest request = hold_of(only({uid}));
  request.future = true;
  EXPECT_EQ(desk->hold(request, clerk).error().code, ErrorCode::kInvalidArgument);
  request = hold_of(only({uid}));
  request.reason = " ";
  EXPECT_FALSE(desk->hold(request, clerk));
  EXPECT_EQ(entries(), 0U);
}

TEST_F(RetentionDeskTest, what_is_due_goes_and_what_is_held_stays_until_all_matters_release_it) {
  const Uid plain = add(1);
  const Uid held = add(2);
  ASSERT_TRUE(desk->hold(hold_of(only({held}), "M1"), clerk));
  ASSERT_TRUE(desk->hold(hold_of(only({held}), "M2"), clerk));
  pass(10 * kDayUs);
  const ApplyAnswer first = apply();
  EXPECT_EQ(first.expired, 1U);
  EXPECT_EQ(first.held, 1U);
  EXPECT_EQ(first.segments_removed, 1U);
  EXPECT_FALSE(store.calls.contains(plain));
  EXPECT_TRUE(has_media(held));
  const auto one = desk->release({"M1", "settled", std::nullopt}, clerk);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->released, 1U);
  EXPECT_EQ(one->still_held, 1U);
  EXPECT_EQ(apply().expired, 0U);
  ASSERT_TRUE(desk->release({"M2", "settled", only({held})}, clerk));
  EXPECT_EQ(apply().expired, 1U);
  EXPECT_FALSE(has_media(held));
  EXPECT_FALSE(desk->release({"M2", "settled", std::nullopt}, clerk));
  EXPECT_EQ(rows(LedgerType::kExpiry).size(), 2U);
}

// More than one page of what is due, and more than one entry of the journal.
TEST_F(RetentionDeskTest, many_held_calls_do_not_hide_what_goes_behind_them) {
  const std::uint32_t many = storage::kRetiredAtOnceMax + 100;
  for (std::uint32_t i = 0; i < many; ++i) add(i, "300");
  const Uid last = add(many + 1);
  const auto answer = desk->hold(hold_of(by_number("300")), clerk);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->held.count, many);
  EXPECT_EQ(rows(LedgerType::kHold).size(), 2U);
  pass(11 * kDayUs);
  EXPECT_EQ(apply().expired, 1U);
  EXPECT_FALSE(has_media(last));
  EXPECT_TRUE(has_media(testing::ledger_uid(many - 1)));
  EXPECT_EQ(desk->holds()->at(0).orders.size(), 1U);
}

TEST_F(RetentionDeskTest, the_journal_has_it_before_anything_goes_and_it_is_done_again) {
  const Uid uid = add(1);
  pass(10 * kDayUs);
  ASSERT_EQ(apply().expired, 1U);
  const Uid second = add(2);
  store.fail_in = 0;
  EXPECT_FALSE(desk->apply());
  store.fail_in = -1;
  EXPECT_TRUE(has_media(second));
  EXPECT_EQ(rows(LedgerType::kExpiry).size(), 2U);
  EXPECT_EQ(apply().expired, 1U);
  EXPECT_FALSE(has_media(second));
  EXPECT_FALSE(store.calls.contains(uid));
}

TEST_F(RetentionDeskTest, a_record_stays_as_long_as_what_it_leads_to) {
  const Uid uid = add(1);
  store.calls[uid].recording.expires_us = kStartUs + 30 * kDayUs;
  pass(15 * kDayUs);
  apply();
  EXPECT_TRUE(has_media(uid));
  EXPECT_EQ(store.parts[uid], kPartMedia);
  EXPECT_TRUE(store.calls.contains(uid));
  pass(20 * kDayUs);
  apply();
  EXPECT_FALSE(store.calls.contains(uid));
}

TEST_F(RetentionDeskTest, a_record_outlives_its_media) {
  const Uid uid = add(1);
  store.calls[uid].recording.cdr_expires_us = kStartUs + 30 * kDayUs;
  pass(15 * kDayUs);
  apply();
  EXPECT_FALSE(has_media(uid));
  ASSERT_TRUE(store.calls.contains(uid));
  EXPECT_EQ(store.calls[uid].recording.lifecycle, RecordingLifecycle::kExpired);
}

TEST_F(RetentionDeskTest, files_are_rewritten_a_day_after_records_went) {
  add(1);
  pass(8 * kDayUs);
  apply();
  pass(2 * kDayUs);  // now it is due
  apply();
  add(2);
  pass(kDayUs - kUsPerSecond);
  apply();
  EXPECT_EQ(store.purges, 0);
  open_desk();  // a new process knows, too
  pass(kUsPerSecond);
  apply();
  EXPECT_EQ(store.purges, 1);
  pass(10 * kDayUs);
  apply();
  EXPECT_EQ(store.purges, 1) << "nothing went since";
  add(3);
  apply();
  pass(kDayUs);
  apply();
  EXPECT_EQ(store.purges, 2);
}

TEST_F(RetentionDeskTest, a_doubted_clock_stops_expiry_until_it_is_confirmed) {
  const Uid uid = add(1);
  apply();
  now.wall_us += 400 * kDayUs;
  const auto refused = desk->apply();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_NE(refused.error().message.find("confirm-clock"), std::string::npos);
  open_desk();  // a new process knows, too
  EXPECT_FALSE(desk->apply());
  EXPECT_TRUE(has_media(uid));
  ASSERT_TRUE(desk->confirm_clock(clerk));
  const auto confirmed = rows(LedgerType::kConfirmation);
  ASSERT_EQ(confirmed.size(), 1U);
  const auto& content = std::get<Confirmation>(*confirmed[0].content);
  EXPECT_EQ(content.actor.name, clerk.name);
  EXPECT_FALSE(content.detail.empty()) << "what had been doubted";
  EXPECT_EQ(apply().expired, 1U);
}

TEST_F(RetentionDeskTest, after_a_rebuild_nothing_goes_until_it_is_confirmed) {
  add(1);
  pass(11 * kDayUs);
  store.values[std::string(storage::kRebuiltValue)] = std::to_string(kStartUs);
  const auto refused = desk->apply();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_NE(refused.error().message.find("retention confirm-rebuild"), std::string::npos);
  ApplyAnswer step;
  EXPECT_FALSE(desk->step(step));
  open_desk();
  EXPECT_FALSE(desk->apply()) << "in the next process, too";
  EXPECT_TRUE(*desk->confirm_rebuild(clerk));
  EXPECT_FALSE(*desk->confirm_rebuild(clerk)) << "once";
  const auto journal = desk->journal({});
  ASSERT_EQ(journal->rows.size(), 1U);
  const auto* confirmation = std::get_if<Confirmation>(&*journal->rows[0].content);
  ASSERT_NE(confirmation, nullptr);
  EXPECT_EQ(confirmation->matter, ConfirmedMatter::kRebuild);
  const auto applied = desk->apply();
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(applied->expired, 1U);
}

// What somebody asks for is done, but no segment goes for want of rows.
TEST_F(RetentionDeskTest, after_a_rebuild_erasing_gives_no_space_back) {
  const Uid uid = add(1);
  store.values[std::string(storage::kRebuiltValue)] = "1";
  const int before = store.reclaims;
  EraseRequest request;
  request.calls.uids = {uid};
  request.reason = "GDPR";
  request.confirmed = true;
  const auto erased = desk->erase(request, clerk);
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_TRUE(erased->done);
  EXPECT_EQ(store.reclaims, before);
  ASSERT_TRUE(desk->confirm_rebuild(clerk));
  ASSERT_TRUE(desk->apply());
  EXPECT_GT(store.reclaims, before);
}

TEST_F(RetentionDeskTest, a_time_that_is_not_readable_is_doubted) {
  store.values[std::string(kClockValue)] = "nonsense";
  EXPECT_FALSE(desk->apply());
  ASSERT_TRUE(desk->confirm_clock(clerk));
  EXPECT_TRUE(desk->apply());
  open_desk("boot-2");
  EXPECT_TRUE(desk->apply());
}

TEST_F(RetentionDeskTest, a_plan_says_what_goes_when_and_why) {
  const Uid plain = add(1, "100", "locked");
  const Uid held = add(2);
  ASSERT_TRUE(desk->hold(hold_of(only({held})), clerk));
  PlanRequest request;
  EXPECT_TRUE(desk->plan(request)->rows.empty());
  request.at_us = kStartUs + 20 * kDayUs;
  const auto plan = desk->plan(request);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->rows.size(), 2U);
  EXPECT_EQ(plan->rows[0].uid, plain);
  EXPECT_EQ(plan->rows[0].basis, "MiFID II Art. 16(7)");
  EXPECT_EQ(plan->rows[0].parts, kPartsAll);
  EXPECT_EQ(plan->rows[0].bytes, 1010U);
  EXPECT_EQ(plan->rows[1].fate, Fate::kHeld);
  EXPECT_EQ(plan->rows[1].matters, std::vector<std::string>{"M1"});
  EXPECT_EQ(plan->going, 1U);
  EXPECT_EQ(plan->bytes_held, 1010U);
  request.calls = only({held});
  EXPECT_EQ(desk->plan(request)->rows.size(), 1U);
  EXPECT_TRUE(has_media(plain));
}

TEST_F(RetentionDeskTest, an_extension_is_planned_first_and_only_lengthens) {
  const Uid uid = add(1, "100", "locked");
  ExtendRequest request = extension(uid, 20);
  request.confirmed = false;
  auto answer = desk->extend(request, clerk);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->done);
  EXPECT_EQ(answer->changed.count, 1U);
  EXPECT_EQ(entries(), 0U);
  answer = desk->extend(extension(uid, 20), clerk);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->done);
  EXPECT_EQ(store.calls[uid].recording.expires_us, kStartUs + 20 * kDayUs);
  EXPECT_EQ(desk->extend(extension(uid, 15), clerk)->refused.count, 1U);   // locked
  EXPECT_EQ(desk->extend(extension(uid, 101), clerk)->refused.count, 1U);  // beyond its maximum
  EXPECT_EQ(desk->extend(extension(uid, 20), clerk)->unchanged.count, 1U);
  EXPECT_FALSE(desk->extend(extension(uid, 0), clerk));
  const Uid open = add(2);
  EXPECT_EQ(desk->extend(extension(open, 5), clerk).error().code, ErrorCode::kInvalidArgument);
  pass(15 * kDayUs);
  EXPECT_EQ(apply().expired, 1U);  // the other one
  EXPECT_TRUE(has_media(uid));
}

// Whoever opens the store has a configuration that says otherwise of its class, or none.
TEST_F(RetentionDeskTest, a_recording_that_was_locked_stays_so) {
  const Uid uid = add(1);
  RecordingTerms& terms = store.calls[uid].recording;
  terms.locked = true;
  terms.latest_us = kStartUs + 30 * kDayUs;
  EXPECT_EQ(desk->extend(extension(uid, 5), clerk)->refused.count, 1U);
  EXPECT_EQ(desk->extend(extension(uid, 31), clerk)->refused.count, 1U);
  EXPECT_EQ(desk->extend(extension(uid, 29), clerk)->changed.count, 1U);
  const auto answer = desk->erase(erasure({uid}), clerk);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->done);
  ASSERT_EQ(answer->in_the_way.size(), 1U);
  EXPECT_TRUE(answer->in_the_way[0].locked);
  EXPECT_TRUE(has_media(uid));
}

TEST_F(RetentionDeskTest, an_extension_of_no_call_is_refused) {
  ASSERT_TRUE(desk->resume());
  ExtendRequest request;
  request.calls.query.emplace().number = "+49000";
  request.until_us = kStartUs + 20 * kDayUs;
  request.parts = kPartMedia;
  EXPECT_EQ(desk->extend(request, clerk).error().code, ErrorCode::kNotFound);
}

// Times of messages that are gone lie ahead again.
TEST_F(RetentionDeskTest, what_went_before_the_clock_was_set_back_is_not_lengthened) {
  const Uid uid = add(1);
  store.calls[uid].recording.expires_us = kStartUs + 30 * kDayUs;
  store.calls[uid].recording.cdr_expires_us = store.calls[uid].recording.expires_us;
  pass(15 * kDayUs);
  EXPECT_EQ(apply().expired, 1U);
  now.wall_us -= 14 * kDayUs;
  ASSERT_TRUE(desk->confirm_clock(clerk));
  ExtendRequest request = extension(uid, 20);
  request.parts = kPartSip;
  EXPECT_EQ(desk->extend(request, clerk)->gone.count, 1U);
}

TEST_F(RetentionDeskTest, an_interrupted_extension_is_done_again) {
  const Uid uid = add(1);
  ASSERT_TRUE(desk->resume());
  store.fail_in = 0;
  EXPECT_FALSE(desk->extend(extension(uid, 20), clerk));
  store.fail_in = -1;
  store.open_journal();
  open_desk();
  ASSERT_TRUE(desk->resume());
  EXPECT_EQ(store.calls[uid].recording.expires_us, kStartUs + 20 * kDayUs);
}

TEST_F(RetentionDeskTest, annotations_have_keys_and_forms) {
  const Uid uid = add(1);
  ASSERT_TRUE(desk->annotate({uid, {{"note", "n"}, {"csat", "4.5"}, {"resolved", "true"}}}, clerk));
  const auto kept = store.journal().look(
      [&](const storage::LedgerState& state) { return state.annotations().at(uid); });
  EXPECT_EQ(kept.at("csat"), "4.5");
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"colour", "red"}, {"csat", "good"}, {"resolved", "yes"}, {"revenue", "inf"}}) {
    EXPECT_EQ(desk->annotate({uid, {{key, value}}}, clerk).error().code,
              ErrorCode::kInvalidArgument)
        << key;
  }
  EXPECT_FALSE(desk->annotate({uid, {{"tag", "a"}, {"tag", "b"}}}, clerk));
  EXPECT_FALSE(desk->annotate({uid, {}}, clerk));
  EXPECT_EQ(desk->annotate({testing::ledger_uid(5), {{"tag", "a"}}}, clerk).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(desk->annotate({uid, {{"csat", ""}}}, clerk));
  EXPECT_FALSE(store.journal().look([&](const storage::LedgerState& state) {
    return state.annotations().at(uid).contains("csat");
  }));
}

TEST_F(RetentionDeskTest, the_journal_is_read_by_call_and_in_pages) {
  const Uid uid = add(1);
  const Uid other = add(2);
  ASSERT_TRUE(desk->note_access(uid, {clerk, AccessKind::kShow, ""}));
  ASSERT_TRUE(desk->note_access(testing::ledger_uid(9), {clerk, AccessKind::kShow, ""}));
  ASSERT_TRUE(desk->hold(hold_of(only({uid})), clerk));
  ASSERT_TRUE(desk->note_access(other, {clerk, AccessKind::kShow, ""}));
  JournalRequest request;
  request.uid = uid;
  request.limit = 1;
  auto answer = desk->journal(request);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_TRUE(answer->more);
  EXPECT_EQ(answer->rows[0].type, "access");
  request.from_sequence = answer->next_sequence;
  answer = desk->journal(request);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0].type, "hold");
  EXPECT_EQ(answer->rows[0].leaf_hash.size(), 64U);
  EXPECT_FALSE(answer->more);
  EXPECT_FALSE(rows()[1].uid);  // of no call
}

TEST_F(RetentionDeskTest, holds_are_listed_by_matter) {
  add(1);
  HoldRequest request = hold_of(by_number("100"), "M2");
  request.future = true;
  ASSERT_TRUE(desk->hold(request, clerk));
  const auto listed = desk->holds();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ((*listed)[0].held, 1U);
  ASSERT_EQ((*listed)[0].orders.size(), 1U);
  EXPECT_EQ((*listed)[0].orders[0].who, "clerk");
  EXPECT_TRUE((*listed)[0].orders[0].future);
}

}  // namespace
}  // namespace tapdeck::retention
