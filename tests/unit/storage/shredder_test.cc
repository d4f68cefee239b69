// Keys go when nothing needs them, and when they are to: in the end the bytes of the key are in no
// file of the store.
#include "storage/shredder.h"

#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

TEST_F(ShredderTest, AKeyThatOpensNothingIsDestroyedAtOpening) {
  crash_after(options_, [](Store& store) { append(store.writer(), *make_chunk({})); });
  const auto slots = slots_of(directory_.path(), 1);
  ASSERT_EQ(slots.size(), 1U);
  EXPECT_TRUE(is_anywhere(directory_.path(), slots[0].wrapped.bytes)) << "the search finds nothing";
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 1U);
  expect_gone(slots);
  expect_consistent();
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 0U);
}

TEST_F(ShredderTest, KeysOfWhatIsKeptStay) {
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({}));
    ASSERT_TRUE(store.writer().flush());
    append(store.writer(), *make_chunk({.recording = 2}));  // in no file yet
  });
  for (int i = 0; i < 2; ++i) {
    open();
    EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
    EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), i == 0 ? 1U : 0U);
    expect_consistent();
  }
}

// Its ledger entries may be sealed under the key: it stays until the call is discarded.
TEST_F(ShredderTest, KeysOfCallsInTheLogAreClaimed) {
  crash_after(options_, [](Store& store) {
    const CallRecord call = call_of(1, false);
    ASSERT_TRUE(store.put_calls({&call, 1}));
    append(store.writer(), *make_chunk({}));
  });
  const auto slots = slots_of(directory_.path(), 1);
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 0U);
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 1U);
  open();
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 1U);
  EXPECT_EQ(*store_->presence_of(test_uid(1)), Presence::kAbsent);
  expect_gone(slots);
  expect_consistent();
}

// A recording that is made anew takes with it what the first attempt had in memory only.
TEST_F(ShredderTest, ADiscardedRecordingLeavesNoKey) {
  open();
  {
    auto import = store_->open_import();
    ASSERT_TRUE(import);
    append((*import)->writer(), *make_chunk({}));
    ASSERT_TRUE((*import)->writer().flush());
  }
  const auto slots = slots_of(directory_.path(), 1);
  EXPECT_EQ(*store_->presence_of(test_uid(1)), Presence::kAbsent);
  expect_gone(slots);
  expect_consistent();
}

TEST_F(ShredderTest, WithoutItsListTheStoreLooksAtAllKeys) {
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({}));
    ASSERT_TRUE(store.writer().flush());
    append(store.writer(), *make_chunk({.recording = 2}));
  });
  const auto slots = slots_of(directory_.path(), 2);
  std::filesystem::remove(directory_.path() + "/keys/unsettled.list");
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 1U);
  expect_gone(slots);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
}

// Durable extents, some on their way, a section that waits to be packed, and chunks to come.
TEST_F(ShredderTest, ARecordingIsShreddedWhileItIsWritten) {
  open();
  SegmentWriter& writer = store_->writer();
  ASSERT_EQ(writer.try_append_messages(test_uid(1), 0, messages_text("kept")),
            AppendVerdict::kTaken);
  append(writer, *make_chunk({}));
  append(writer, *make_chunk({.recording = 2}));
  ASSERT_TRUE(writer.flush());
  append(writer, *make_chunk({.sequence = 1}));
  append(writer, *make_chunk({.sequence = 2, .packets = 3}));
  auto slots = slots_of(directory_.path(), 1);
  ASSERT_EQ(slots.size(), 2U);
  std::erase_if(slots, [](const KeySlot& slot) { return slot.kind == SegmentKind::kSip; });
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  expect_gone(slots);
  expect_told(1);
  EXPECT_EQ(writer.try_append(*make_chunk({.sequence = 3})), AppendVerdict::kAbandoned);
  EXPECT_EQ(writer.try_append(*make_chunk({.sequence = 4, .packets = 3})),
            AppendVerdict::kAbandoned);
  writer.step(monotonic_now_ns());
  EXPECT_EQ(figure(*store_, "appends_abandoned"), 2U);
  const RecordingSummary summary = end(writer, test_uid(1));
  EXPECT_EQ(summary.bytes, 0U);
  EXPECT_TRUE(summary.sha256.empty());
  EXPECT_TRUE(summary.lost.empty()) << "nothing was lost by the disk";
  ASSERT_TRUE(writer.flush());
  EXPECT_TRUE(writer.is_settled(test_uid(1)));
  const CallRecord call = call_of(1, true);
  ASSERT_TRUE(store_->put_calls({&call, 1}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(slots_of(directory_.path(), 1).size(), 1U) << "a new key was made";
    expect_told(1);
    EXPECT_EQ(read_messages(1), "kept");
    EXPECT_EQ(read_sections(*store_->reader(), test_uid(2))->size(), 1U);
    expect_consistent();
    open();
  }
}

TEST_F(ShredderTest, MessagesGoAlone) {
  open();
  SegmentWriter& writer = store_->writer();
  ASSERT_EQ(writer.try_append_messages(test_uid(1), 0, messages_text("gone")),
            AppendVerdict::kTaken);
  append(writer, *make_chunk({}));
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMessages));
  EXPECT_EQ(writer.try_append_messages(test_uid(1), 0, messages_text("later")),
            AppendVerdict::kAbandoned);
  append(writer, *make_chunk({.sequence = 1}));
  ASSERT_TRUE(writer.flush());
  EXPECT_NE(read_messages(1).find("Messages of recording"), std::string::npos);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 2U);
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kAll)) << "what is left, too";
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
  expect_told(1);
  expect_consistent();
}

TEST_F(ShredderTest, ARecordingMayBeShreddedBeforeItBegins) {
  open();
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  EXPECT_EQ(store_->writer().try_append(*make_chunk({})), AppendVerdict::kAbandoned);
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
  append(store_->writer(), *make_chunk({.recording = 2}));
}

TEST_F(ShredderTest, AnEndedRecordingIsShredded) {
  open();
  append(store_->writer(), *make_chunk({}));
  append(store_->writer(), *make_chunk({.recording = 2}));
  store_->writer().end_recording(test_uid(1));
  ASSERT_TRUE(store_->writer().flush());
  const CallRecord call = call_of(1, true);
  ASSERT_TRUE(store_->put_calls({&call, 1}));
  open();  // in a sealed segment now
  const auto slots = slots_of(directory_.path(), 1);
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kAll));
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kAll)) << "twice is once";
  expect_gone(slots);
  expect_told(1);
  expect_consistent();
  EXPECT_EQ(read_messages(1), "") << "there were none: nothing was destroyed";
  EXPECT_EQ(*store_->presence_of(test_uid(1)), Presence::kPresent) << "its record is there";
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(2))->size(), 1U);
}

TEST_F(ShredderTest, ADamagedRowHidesNoKey) {
  open();
  append(store_->writer(), *make_chunk({}));
  append(store_->writer(), *make_chunk({.recording = 2}));
  store_.reset();
  {
    auto calls = CallStore::open(directory_.path() + "/calls", {});
    ASSERT_TRUE(calls);
    auto rows = (*calls)->rows_of(test_uid(1));
    ASSERT_EQ(rows->size(), 1U);
    rows->front().packed = "damaged";
    ASSERT_TRUE((*calls)->put({}, *rows));
  }
  const auto slots = slots_of(directory_.path(), 1);
  open();
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  expect_gone(slots);
  expect_told(1);
  expect_consistent();
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(2))->size(), 1U);
}

TEST_F(ShredderTest, AnImportedRecordingIsShreddedFromOutside) {
  open();
  auto import = store_->open_import();
  ASSERT_TRUE(import);
  append((*import)->writer(), *make_chunk({}));
  ASSERT_TRUE((*import)->writer().flush());
  const auto slots = slots_of(directory_.path(), 1);
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  EXPECT_EQ((*import)->writer().try_append(*make_chunk({.sequence = 1})),
            AppendVerdict::kAbandoned);
  (*import)->writer().end_recording(test_uid(1));
  // Recorded anew later, it is another recording.
  EXPECT_EQ(*(*import)->presence_of(test_uid(1)), Presence::kAbsent);
  append((*import)->writer(), *make_chunk({.sequence = 5}));
  ASSERT_TRUE((*import)->writer().flush());
  (*import)->writer().end_recording(test_uid(1));
  ASSERT_TRUE((*import)->put_pending_rows());
  import->reset();
  expect_gone(slots);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
  expect_consistent();
}

TEST_F(ShredderTest, ADiskThatRefusesIsAskedAgain) {
  open();
  append(store_->writer(), *make_chunk({}));
  ASSERT_TRUE(store_->writer().flush());
  const auto slots = slots_of(directory_.path(), 1);
  RefusingDisk& disk = RefusingDisk::instance();
  disk.watch(".keys");
  disk.refuse_write = 0;
  EXPECT_FALSE(store_->shred(test_uid(1), ShredParts::kMedia));
  disk.refuse_sync = 0;
  EXPECT_FALSE(store_->shred(test_uid(1), ShredParts::kMedia));
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  const auto& on_disk = disk.durable(directory_.path() + "/keys/00000000.keys");
  EXPECT_EQ(
      decode_key_slot(slots[0].id, ByteView(on_disk).subspan(slots[0].id * kKeySlotBytes))->state,
      KeySlotState::kDestroyed);
  disk.stop();
  expect_gone(slots);
  expect_told(1);
  expect_consistent();
}

}  // namespace
}  // namespace tapdeck::storage
