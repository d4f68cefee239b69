// What a store does about calls that were in progress when it was opened: what was erased of them
// does not come back, and what an import left is ended.
#include <filesystem>

#include "config/limits.h"
#include "storage/backup.h"
#include "storage/retention_store.h"
#include "storage/store_opening.h"
#include "tests/support/sample_ledger.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

class StoreReopenedTest : public ShredderTest {
 protected:
  void SetUp() override { open(); }

  // Media of a call that goes on.
  void begin(std::uint8_t number, const std::string& port) {
    CallRecord call = call_of(number, false);
    call.port = port;
    call.recording.expires_us = 5'000'000;
    ASSERT_TRUE(store_->put_calls({&call, 1}));
    append(store_->writer(), *make_chunk({.recording = number}));
    ASSERT_TRUE(store_->writer().flush());
    ASSERT_TRUE(store_->put_pending_rows());
  }

  void commit(LedgerContent content, const Uid& uid = {}) {
    LedgerEntry entry;
    entry.uid = uid;
    entry.time_us = testing::kLedgerTimeUs;
    entry.content = std::move(content);
    ASSERT_TRUE(store_->journal().commit(entry));
  }

  CallRecord record(std::uint8_t number) {
    auto call = store_->get_call(test_uid(number));
    EXPECT_TRUE(call);
    return call ? std::move(*call) : CallRecord();
  }

  [[nodiscard]] std::size_t sections(std::uint8_t number) {
    const auto read = read_sections(*store_->reader(), test_uid(number));
    return read ? read->size() : 0;
  }
};

TEST_F(StoreReopenedTest, WhatWasErasedOfACallIsNotRecordedAgain) {
  begin(1, "span0");
  begin(2, "span0");
  commit(Erasure{testing::sample_actor(), "request", kPartMedia}, test_uid(1));
  ASSERT_TRUE(store_->retire({{{test_uid(1), kPartMedia}}}, RecordingLifecycle::kErased));
  open();
  EXPECT_EQ(store_->writer().try_append(*make_chunk({.recording = 1, .sequence = 1})),
            AppendVerdict::kAbandoned);
  append(store_->writer(), *make_chunk({.recording = 2, .sequence = 1}));
  end(store_->writer(), test_uid(2));
  ASSERT_TRUE(store_->writer().flush());
  ASSERT_TRUE(store_->put_pending_rows());
  EXPECT_EQ(sections(1), 0U);
  EXPECT_EQ(sections(2), 2U);
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty()) << "no key that nothing would destroy";
  expect_consistent();
}

TEST_F(StoreReopenedTest, AnImportThatWasCutShortIsOver) {
  begin(1, config::kImportPort);
  begin(2, "span0");
  open();
  const CallRecord cut = record(1);
  EXPECT_TRUE(cut.final);
  EXPECT_EQ(cut.state, CallState::kInterrupted);
  EXPECT_EQ(cut.recording.state, RecordingState::kRecordedWithGaps);
  EXPECT_EQ(cut.recording.reasons, std::vector{RecordingReason::kInterrupted});
  EXPECT_FALSE(cut.recording.sha256.empty());
  EXPECT_FALSE(record(2).final) << "that one goes on";
  const auto due = store_->due(6'000'000, 10, std::nullopt);
  ASSERT_TRUE(due);
  ASSERT_EQ(due->size(), 1U);
  EXPECT_EQ(due->front().what.uid, test_uid(1));
  expect_consistent();
}

TEST_F(StoreReopenedTest, AnImportThatWasCutShortIsMadeAnew) {
  begin(1, config::kImportPort);
  open();
  const auto import = std::move(*store_->open_import());
  EXPECT_EQ(*import->presence_of(test_uid(1)), Presence::kAbsent);
  EXPECT_EQ(sections(1), 0U);
}

TEST_F(StoreReopenedTest, WhatIsHeldOfItStays) {
  begin(1, config::kImportPort);
  open();
  commit(Hold{testing::sample_actor(), "M-1", "claim", {test_uid(1)}, {}, {}});
  const auto import = std::move(*store_->open_import());
  EXPECT_EQ(*import->presence_of(test_uid(1)), Presence::kPresent);
  EXPECT_EQ(sections(1), 1U);
}

TEST_F(StoreReopenedTest, CallStoresThatWereSetAsideAreNamed) {
  EXPECT_TRUE(store_->set_aside()->empty());
  const std::string name = std::string(kSetAsidePrefix) + "20261127T090000Z";
  std::filesystem::create_directory(directory_.path() + "/" + name);
  EXPECT_EQ(*store_->set_aside(), std::vector{name});
}

}  // namespace
}  // namespace tapdeck::storage
