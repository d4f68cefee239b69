// A call store made anew of segments, keys and journal: the same calls, what is gone stays gone,
// and an interruption anywhere costs nothing.
#include "storage/store_rebuild.h"

#include <sys/stat.h>

#include "storage/retention_store.h"
#include "tests/support/sample_ledger.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr std::int64_t kNowUs = 1'790'100'000'000'000;
constexpr std::int64_t kDueUs = 1'800'000'000'000'000;

class StoreRebuildTest : public ShredderTest {
 protected:
  void SetUp() override { open(); }

  static CallRecord final_of(std::uint8_t number) {
    CallRecord call = call_of(number, true);
    call.call_id = "id-" + std::to_string(number);
    call.dialled = "4930555" + std::to_string(number);
    call.recording.retention_class = "default";
    call.recording.state = RecordingState::kRecorded;
    call.recording.expires_us = kDueUs;
    call.recording.sip_expires_us = kDueUs;
    call.recording.cdr_expires_us = kDueUs + 1;
    return call;
  }

  void record(std::uint8_t number) {
    SegmentWriter& writer = store_->writer();
    append(writer, *make_chunk({.recording = number}));
    append(writer, *make_chunk({.recording = number, .stream = 1, .packets = 5}));
    ASSERT_EQ(writer.try_append_messages(
                  test_uid(number), 0, messages_text("message " + std::to_string(number))),
              AppendVerdict::kTaken);
    CallRecord call = final_of(number);
    call.recording.sha256 = writer.sum_up(call).sha256;
    ASSERT_EQ(writer.try_append_record(call), AppendVerdict::kTaken);
    end(writer, test_uid(number));
    ASSERT_TRUE(writer.flush());
    ASSERT_TRUE(store_->put_calls({&call, 1}));
  }

  void retire(std::uint8_t number, RecordingParts parts, RecordingLifecycle lifecycle) {
    LedgerEntry entry;
    entry.time_us = kNowUs;
    if (lifecycle == RecordingLifecycle::kErased) {
      entry.uid = test_uid(number);
      entry.content = Erasure{testing::sample_actor(), "test", parts};
    } else {
      entry.content = Expiry{"default", parts, {test_uid(number)}};
    }
    ASSERT_TRUE(store_->journal().commit(entry));
    const RecordingPartsOf what{test_uid(number), parts};
    ASSERT_TRUE(store_->retire({&what, 1}, lifecycle));
  }

  [[nodiscard]] std::string calls() const { return directory_.path() + "/calls"; }

  RebuildOptions options() {
    RebuildOptions options;
    options.store = options_;
    options.classes["default"] = {kUsPerDay, 2 * kUsPerDay, 3 * kUsPerDay};
    return options;
  }

  // What it says, after the store was closed, and the store open again.
  RebuildFigures rebuild() {
    store_.reset();
    RebuildFigures figures;
    {
      auto opened = StoreRebuild::open(options());
      EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
      if (!opened) return figures;
      const auto done = (*opened)->run(kNowUs);
      EXPECT_TRUE(done) << (done ? "" : done.error().message);
      if (done) figures = *done;
    }
    open();
    return figures;
  }

  CallRecord get(std::uint8_t number) {
    const auto call = store_->get_call(test_uid(number));
    EXPECT_TRUE(call) << int{number};
    return call ? *call : CallRecord{};
  }

  void expect_same(std::uint8_t number, const CallRecord& before) {
    CallRecord now = get(number);
    EXPECT_EQ(now.call_id, before.call_id);
    EXPECT_EQ(now.dialled, before.dialled);
    EXPECT_EQ(now.version, before.version);
    EXPECT_EQ(now.recording.sha256, before.recording.sha256);
    EXPECT_EQ(now.recording.lifecycle, before.recording.lifecycle);
    EXPECT_EQ(now.recording.expires_us, before.recording.expires_us);
    EXPECT_EQ(read_messages(number), "message " + std::to_string(number));
    const auto sections = read_sections(*store_->reader(), test_uid(number));
    ASSERT_TRUE(sections) << sections.error().message;
    EXPECT_EQ(sections->size(), 2U);
  }
};

TEST_F(StoreRebuildTest, CallsAreAsTheyWere) {
  record(1);
  record(2);
  const CallRecord one = get(1);
  const CallRecord two = get(2);
  const auto due = store_->due(kDueUs + 2, 10, std::nullopt);
  store_.reset();
  std::filesystem::remove_all(calls());
  const RebuildFigures figures = rebuild();
  EXPECT_EQ(figures.recordings, 2U);
  EXPECT_EQ(figures.records, 2U);
  EXPECT_EQ(figures.records_made, 0U);
  EXPECT_EQ(figures.set_aside, "");
  expect_same(1, one);
  expect_same(2, two);
  CallQuery query;
  query.number = "49305552";
  EXPECT_EQ(store_->reader()->find_calls(query)->calls.size(), 1U);
  EXPECT_EQ(*store_->due(kDueUs + 2, 10, std::nullopt), *due);
  EXPECT_EQ(store_->get_value(kRebuiltValue)->value_or(""), std::to_string(kNowUs));
  expect_consistent();
}

// Segments whose rows are all missing look like segments that nobody needs.
TEST_F(StoreRebuildTest, AStoreWithoutItsCallStoreIsNotOpened) {
  record(1);
  store_.reset();
  std::filesystem::remove_all(calls());
  const auto opened = Store::open(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("store rebuild"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(calls()));
}

TEST_F(StoreRebuildTest, LookingChangesNothing) {
  record(1);
  store_.reset();
  {
    auto opened = StoreRebuild::open(options());
    ASSERT_TRUE(opened);
    const auto found = (*opened)->look();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->records, 1U);
    EXPECT_TRUE(found->set_aside.starts_with("calls.before-rebuild-")) << found->set_aside;
    const auto busy = Store::open(options_);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code, ErrorCode::kBusy);
  }
  EXPECT_TRUE(std::filesystem::exists(calls()));
  open();
  EXPECT_FALSE(store_->get_value(kRebuiltValue)->has_value());
}

TEST_F(StoreRebuildTest, IsRefusedWhileTheStoreIsInUse) {
  const auto opened = StoreRebuild::open(options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kBusy);
  EXPECT_NE(opened.error().message.find("stop the service"), std::string::npos);
}

TEST_F(StoreRebuildTest, TheOldCallStoreIsKeptAndNeverReplaced) {
  record(1);
  const RebuildFigures figures = rebuild();
  EXPECT_EQ(figures.set_aside, "calls.before-rebuild-20260922T180000Z");
  EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/" + figures.set_aside + "/CURRENT"));
  store_.reset();
  auto again = StoreRebuild::open(options());
  ASSERT_TRUE(again);
  const auto refused = (*again)->run(kNowUs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kAlreadyExists);
  again->reset();
  open();
  expect_consistent();
}

TEST_F(StoreRebuildTest, ADamagedCallStoreIsSetAside) {
  record(1);
  const CallRecord before = get(1);
  store_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(calls())) {
    std::ofstream(entry.path(), std::ios::binary) << "no call store";
  }
  EXPECT_FALSE(Store::open(options_));
  EXPECT_EQ(rebuild().records, 1U);
  expect_same(1, before);
}

TEST_F(StoreRebuildTest, WhatIsGoneStaysGoneAndIsTold) {
  for (std::uint8_t number = 1; number <= 5; ++number) record(number);
  retire(1, kPartMedia, RecordingLifecycle::kErased);
  retire(2, kPartMedia | kPartSip, RecordingLifecycle::kErased);
  retire(3, kPartMedia | kPartSip, RecordingLifecycle::kExpired);
  retire(4, kPartsAll, RecordingLifecycle::kExpired);
  const CallRecord one = get(1);
  const RebuildFigures figures = rebuild();
  EXPECT_EQ(figures.recordings, 5U);
  EXPECT_EQ(figures.recordings_gone, 3U);
  EXPECT_EQ(figures.records, 2U);
  EXPECT_EQ(figures.records_made, 2U);
  const CallRecord media_gone = get(1);
  EXPECT_EQ(media_gone.dialled, one.dialled);
  EXPECT_EQ(media_gone.recording.lifecycle, RecordingLifecycle::kErased);
  expect_told(1);
  EXPECT_EQ(read_messages(1), "message 1");
  const CallRecord erased = get(2);
  EXPECT_EQ(erased.dialled, "");
  EXPECT_EQ(erased.recording.lifecycle, RecordingLifecycle::kErased);
  EXPECT_EQ(erased.end_reason, EndReason::kCrash);
  EXPECT_EQ(erased.recording.cdr_expires_us, *erased.start_us + 3 * kUsPerDay);
  expect_told(2);
  EXPECT_EQ(get(3).recording.lifecycle, RecordingLifecycle::kExpired);
  EXPECT_FALSE(store_->get_call(test_uid(4))) << "its record was over, too";
  EXPECT_EQ(get(5).dialled, "49305555");
  const auto due = store_->due(kDueUs, 10, std::nullopt);
  ASSERT_TRUE(due);
  ASSERT_EQ(due->size(), 2U) << "of what is gone nothing is due but the records";
  EXPECT_EQ(due->front().what.parts, kPartCdr);
  expect_consistent();
}

// The journal names what has no segment any more.
TEST_F(StoreRebuildTest, ARecordThatOutlivedItsSegmentsIsMadeOfTheJournal) {
  record(1);
  retire(1, kPartMedia | kPartSip, RecordingLifecycle::kExpired);
  store_.reset();
  open();  // seals
  ASSERT_TRUE(store_->reclaim());
  EXPECT_TRUE(segment_files(directory_.path()).empty());
  const RebuildFigures figures = rebuild();
  EXPECT_EQ(figures.recordings, 0U);
  EXPECT_EQ(figures.records_made, 1U);
  EXPECT_EQ(get(1).recording.lifecycle, RecordingLifecycle::kExpired);
  EXPECT_EQ(get(1).recording.retention_class, "default");
  EXPECT_EQ(get(1).start_us, kTestStartMs * 1'000 + 1'000);
}

// Expiry that was journalled and not carried out: what is there is due still, and not lost.
TEST_F(StoreRebuildTest, WhatTheJournalSaysIsNotDoneByTheRebuilding) {
  record(1);
  ASSERT_TRUE(store_->journal().commit(
      {.time_us = kNowUs, .content = Expiry{"default", kPartsAll, {test_uid(1)}}}));
  const CallRecord before = get(1);
  rebuild();
  expect_same(1, before);
}

TEST_F(StoreRebuildTest, ACallThatNeverEndedIsMadeOfItsExtents) {
  store_.reset();
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({.recording = 7}));
    append(store.writer(), *make_chunk({.recording = 7, .sequence = 1}));
    if (!store.writer().flush()) _exit(1);
  });
  std::filesystem::remove_all(calls());
  const RebuildFigures figures = rebuild();
  EXPECT_EQ(figures.segments_unsealed, 1U);
  EXPECT_EQ(figures.records_made, 1U);
  const CallRecord call = get(7);
  EXPECT_EQ(call.state, CallState::kInterrupted);
  EXPECT_EQ(call.end_reason, EndReason::kCrash);
  EXPECT_EQ(call.recording.state, RecordingState::kRecordedWithGaps);
  EXPECT_EQ(call.recording.retention_class, "default");
  EXPECT_FALSE(call.recording.sha256.empty());
  ASSERT_EQ(call.media.size(), 1U);
  EXPECT_EQ(call.media[0].ssrc, 1000U);
  EXPECT_EQ(call.media[0].source.port, 4000);
  EXPECT_EQ(call.media[0].first_us, kTestStartMs * 1'000);
  EXPECT_EQ(call.media[0].last_us, kTestStartMs * 1'000 + 1'600'000 + 79 * 20'000);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(7))->size(), 2U);
  expect_consistent();
}

TEST_F(StoreRebuildTest, WhatWasLengthenedIsKeptAsLong) {
  record(1);
  const std::int64_t until_us = kDueUs + kUsPerDay;
  ASSERT_TRUE(store_->journal().commit(
      {.uid = test_uid(1),
       .time_us = kNowUs,
       .content = Extension{testing::sample_actor(), "why", until_us, std::nullopt, until_us}}));
  EXPECT_EQ(rebuild().lengthened, 1U);
  EXPECT_EQ(get(1).recording.expires_us, until_us);
  EXPECT_EQ(get(1).recording.sip_expires_us, kDueUs);
  EXPECT_EQ(get(1).recording.cdr_expires_us, until_us);
  const auto due = store_->due(kDueUs + 1, 10, std::nullopt);
  ASSERT_EQ(due->size(), 1U);
  EXPECT_EQ(due->front().what.parts, kPartSip);
}

// Only what was not carried out is: a second erasure would take what was written since.
TEST_F(StoreRebuildTest, ErasuresAreDoneAgainFromTheFirstThatWasNotDone) {
  record(1);
  record(2);
  retire(1, kPartMedia | kPartSip, RecordingLifecycle::kErased);
  EXPECT_EQ(rebuild().erased, 1U);
  EXPECT_EQ(*store_->get_value(kDoneValue), std::optional<std::string>("1"));
  const Erasure erasure{testing::sample_actor(), "test", kPartMedia};
  ASSERT_TRUE(
      store_->journal().commit({.uid = test_uid(2), .time_us = kNowUs, .content = erasure}));
  ASSERT_TRUE(store_->journal().commit(
      {.time_us = kNowUs, .content = Expiry{"default", kPartMedia, {test_uid(9)}}}));
  store_.reset();
  std::filesystem::remove_all(calls());
  rebuild();
  EXPECT_EQ(*store_->get_value(kDoneValue), std::optional<std::string>("1"));
}

// A first attempt and the one that counts, under one slot, in one segment.
TEST_F(StoreRebuildTest, WhatWasMadeAnewIsNotTakenForTheFirstAttempt) {
  SegmentWriter& writer = store_->writer();
  append(writer, *make_chunk({.recording = 1, .sequence = 9}));
  writer.end_recording(test_uid(1));
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(store_->put_pending_rows());
  const auto first = slots_of(directory_.path(), 1);
  ASSERT_EQ(*store_->presence_of(test_uid(1)), Presence::kAbsent);
  record(1);
  const CallRecord before = get(1);
  ASSERT_EQ(first.size(), 1U);
  rebuild();
  expect_same(1, before);
  expect_consistent();
}

// Contents of the journal are under keys that nothing else names.
TEST_F(StoreRebuildTest, KeysThatOnlyTheJournalNeedsStay) {
  record(1);
  retire(1, kPartMedia | kPartSip, RecordingLifecycle::kExpired);
  const auto key = store_->details_key(test_uid(1));
  ASSERT_TRUE(key);
  const Annotation annotation{testing::sample_actor(), {{"note", "kept"}}};
  ASSERT_TRUE(store_->journal().commit(
      {.uid = test_uid(1), .time_us = kNowUs, .key_id = *key, .content = annotation}));
  EXPECT_EQ(rebuild().keys_claimed, 1U);
  store_.reset();
  open();
  EXPECT_EQ(
      store_->journal().look([](const LedgerState& state) { return state.annotations().size(); }),
      1U);
  EXPECT_EQ(*store_->details_key(test_uid(1)), *key);
}

TEST_F(StoreRebuildTest, AnUnreadableSegmentIsLeftAloneAndNotTakenForUnneeded) {
  record(1);
  store_.reset();
  const auto segments = segment_files(directory_.path());
  ASSERT_EQ(segments.size(), 2U);
  ASSERT_EQ(chmod(segments[0].c_str(), 0600), 0);
  {
    std::fstream file(segments[0], std::ios::in | std::ios::out | std::ios::binary);
    file.write("damaged", 7);
  }
  ASSERT_EQ(chmod(segments[0].c_str(), 0400), 0);
  EXPECT_EQ(rebuild().segments_unreadable, 1U);
  ASSERT_TRUE(store_->reclaim());
  EXPECT_TRUE(std::filesystem::exists(segments[0]));
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 2U) << "its key stays";
}

TEST_F(StoreRebuildTest, WithoutKeysNothingIsMade) {
  record(1);
  store_.reset();
  std::filesystem::rename(directory_.path() + "/keys", directory_.path() + "/elsewhere");
  const auto opened = StoreRebuild::open(options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/keys"));
}

// Killed after each of the steps that change something, then begun again.
TEST_F(StoreRebuildTest, CutShortAnywhereItIsBegunAgain) {
  record(1);
  retire(1, kPartMedia, RecordingLifecycle::kErased);
  record(2);
  const CallRecord two = get(2);
  store_.reset();
  const std::string aside = directory_.path() + "/calls.before-rebuild-20260922T180000Z";
  ASSERT_TRUE(write_rebuild_mark(directory_.path(), "calls.before-rebuild-20260922T180000Z"));
  EXPECT_FALSE(Store::open(options_)) << "with the mark alone";
  std::filesystem::rename(calls(), aside);
  EXPECT_FALSE(Store::open(options_)) << "set aside, nothing made";
  { ASSERT_TRUE(CallStore::open(calls(), {})); }
  const auto cut_short = Store::open(options_);
  ASSERT_FALSE(cut_short) << "made, and empty";
  EXPECT_EQ(cut_short.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(cut_short.error().message.find("cut short"), std::string::npos);
  EXPECT_EQ(rebuild().records, 2U);
  EXPECT_TRUE(std::filesystem::exists(aside + "/CURRENT"));
  EXPECT_EQ(get(1).recording.lifecycle, RecordingLifecycle::kErased);
  expect_same(2, two);
}

}  // namespace
}  // namespace tapdeck::storage
