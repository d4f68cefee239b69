// Records that are made of what is left: times by class, nothing invented.
#include "storage/rebuilt_record.h"

#include "base/clock.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

class RebuiltRecordTest : public ::testing::Test {
 protected:
  RebuiltRecordTest() {
    auto keys = KeyVault::open(directory_.path(), MasterKey{});
    auto calls = CallStore::open(directory_.path() + "/calls", {});
    TD_ASSERT(keys && calls);
    keys_ = std::move(*keys);
    calls_ = std::move(*calls);
    reader_ = std::make_unique<RecordingReader>(*keys_, *calls_, index_);
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<KeyVault> keys_;
  std::unique_ptr<CallStore> calls_;
  OpenIndex index_;
  std::unique_ptr<RecordingReader> reader_;
};

TEST_F(RebuiltRecordTest, TheClassSaysHowLongItIsKept) {
  const ClassTimes classes = {{"gold", {10, 0, 30, true, 40}}};
  const CallRecord call =
      make_rebuilt_record(test_uid(1), {.retention_class = "gold"}, classes, *reader_);
  const std::int64_t start_us = (kTestStartMs + 1) * 1'000;
  EXPECT_EQ(call.uid, test_uid(1));
  EXPECT_EQ(call.start_us, start_us);
  EXPECT_TRUE(call.final);
  EXPECT_EQ(call.state, CallState::kInterrupted);
  EXPECT_EQ(call.end_reason, EndReason::kCrash);
  EXPECT_EQ(call.recording.expires_us, start_us + 10);
  EXPECT_FALSE(call.recording.sip_expires_us) << "0: for ever";
  EXPECT_EQ(call.recording.cdr_expires_us, start_us + 30);
  EXPECT_TRUE(call.recording.locked);
  EXPECT_EQ(call.recording.latest_us, start_us + 40);
  EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
  EXPECT_TRUE(call.media.empty());
}

TEST_F(RebuiltRecordTest, AClassThatIsNotConfiguredKeepsForEver) {
  const CallRecord call =
      make_rebuilt_record(test_uid(1), {.retention_class = "old"}, {}, *reader_);
  EXPECT_EQ(call.recording.retention_class, "old");
  EXPECT_FALSE(call.recording.expires_us || call.recording.sip_expires_us ||
               call.recording.cdr_expires_us);
}

TEST_F(RebuiltRecordTest, MediaThatWasThereWasARecording) {
  const CallRecord call = make_rebuilt_record(test_uid(1), {.had_media = true}, {}, *reader_);
  EXPECT_EQ(call.recording.state, RecordingState::kRecordedWithGaps);
  EXPECT_EQ(call.recording.reasons, std::vector{RecordingReason::kInterrupted});
}

// Two sections of one packed extent count once in the digest; ranges are those of streams.
TEST_F(RebuiltRecordTest, MediaIsToldAsFarAsItsRowsTell) {
  ExtentRow row;
  row.recording = test_uid(1);
  row.segment = SegmentId{1};
  std::vector<ExtentEntry> entries(3);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].kind = ExtentType::kMediaPacked;
    entries[i].offset = i == 2 ? 2 * kBlockBytes : kBlockBytes;
    entries[i].stored_bytes = kBlockBytes;
    entries[i].stream = static_cast<std::uint16_t>(i % 2);
    entries[i].sequence = static_cast<std::uint32_t>(i / 2);
    entries[i].first_us = kTestStartMs * 1'000 + static_cast<std::int64_t>(i) * 1'000'000;
    entries[i].duration_us = 500'000;
    entries[i].leaf = Hash{static_cast<std::uint8_t>(i == 2 ? 2 : 1)};
  }
  row.packed = encode_extent_row(entries);
  ASSERT_TRUE(calls_->put({}, {&row, 1}));
  const CallRecord call = make_rebuilt_record(test_uid(1), {.had_media = true}, {}, *reader_);
  ASSERT_EQ(call.media.size(), 2U);
  EXPECT_EQ(call.media[0].first_us, entries[0].first_us);
  EXPECT_EQ(call.media[0].last_us, entries[2].last_us());
  EXPECT_EQ(call.media[1].last_us, entries[1].last_us());
  EXPECT_EQ(call.media[0].ssrc, 0U) << "their bytes are not there";
  EXPECT_EQ(call.recording.duration_ms, 2'500);
  Hasher hasher;
  const std::vector<Hash> leaves = {Hash{1}, Hash{2}};
  EXPECT_EQ(call.recording.sha256, to_hex(hasher.merkle_root(leaves)));
}

}  // namespace
}  // namespace tapdeck::storage
