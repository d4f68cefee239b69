// Call records beside messages: written once, read by nobody but who rebuilds, gone with the key.
#include <fcntl.h>

#include "storage/segment_file.h"
#include "storage/segment_format.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

class SegmentWriterRecordTest : public ShredderTest {
 protected:
  void SetUp() override {
    options_.retention_classes = {"default", "gold"};
    open();
  }

  static CallRecord final_of(std::uint8_t number, const std::string& retention_class) {
    CallRecord call = call_of(number, true);
    call.call_id = "id";
    call.recording.retention_class = retention_class;
    return call;
  }

  AppendVerdict append_record(const CallRecord& call) {
    AppendVerdict verdict = store_->writer().try_append_record(call);
    while (verdict == AppendVerdict::kBusy) {
      store_->writer().step(monotonic_now_ns());
      verdict = store_->writer().try_append_record(call);
    }
    return verdict;
  }

  // Of the sealed segments: class and uid of each record.
  std::vector<std::pair<std::string, Uid>> records() {
    store_.reset();
    std::vector<std::pair<std::string, Uid>> found;
    for (const std::string& path : segment_files(directory_.path())) {
      const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      std::vector<std::uint8_t> block(kBlockBytes);
      EXPECT_TRUE(read_fully(file.get(), block, 0));
      const auto header = decode_segment_header(block);
      EXPECT_TRUE(header);
      const auto footer = read_segment_footer(file.get(), header->id);
      EXPECT_TRUE(footer);
      for (const FooterEntry& entry : footer->entries) {
        if (entry.entry.kind != ExtentType::kRecord) continue;
        EXPECT_EQ(header->kind, SegmentKind::kSip);
        found.emplace_back(header->retention_class, entry.recording);
      }
    }
    open();
    return found;
  }
};

TEST_F(SegmentWriterRecordTest, MessagesAreReadAsBefore) {
  SegmentWriter& writer = store_->writer();
  append(writer, *make_chunk({.recording = 1}));
  ASSERT_EQ(writer.try_append_messages(test_uid(1), 1, messages_text("hello")),
            AppendVerdict::kTaken);
  const CallRecord call = final_of(1, "default");
  EXPECT_FALSE(writer.sum_up(call).sha256.empty());
  ASSERT_EQ(append_record(call), AppendVerdict::kTaken);
  writer.end_recording(test_uid(1));
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(store_->put_calls({&call, 1}));
  EXPECT_EQ(read_messages(1), "hello");
  expect_consistent();
  // With the messages, which named their class; the key is theirs, too.
  const auto found = records();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front(), std::pair(std::string("default"), test_uid(1)));
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 2U);
  EXPECT_EQ(read_messages(1), "hello");
  expect_consistent();
}

TEST_F(SegmentWriterRecordTest, ACallWithoutMessagesHasItInItsClass) {
  const CallRecord call = final_of(2, "gold");
  ASSERT_EQ(append_record(call), AppendVerdict::kTaken);
  store_->writer().end_recording(test_uid(2));
  EXPECT_FALSE(store_->writer().is_settled(test_uid(2))) << "it waits for the disk";
  ASSERT_TRUE(store_->writer().flush());
  EXPECT_TRUE(store_->writer().is_settled(test_uid(2)));
  ASSERT_TRUE(store_->put_calls({&call, 1}));
  EXPECT_EQ(read_messages(2), "");
  const auto found = records();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front(), std::pair(std::string("gold"), test_uid(2)));
}

TEST_F(SegmentWriterRecordTest, GoesWithTheKeyOfTheMessages) {
  const CallRecord call = final_of(3, "default");
  ASSERT_EQ(append_record(call), AppendVerdict::kTaken);
  store_->writer().end_recording(test_uid(3));
  ASSERT_TRUE(store_->writer().flush());
  ASSERT_TRUE(store_->put_calls({&call, 1}));
  const auto slots = slots_of(directory_.path(), 3);
  ASSERT_EQ(slots.size(), 1U);
  const RecordingPartsOf what{test_uid(3), kPartSip};
  ASSERT_TRUE(store_->retire({&what, 1}, RecordingLifecycle::kErased));
  expect_gone(slots);
  expect_consistent();
}

TEST_F(SegmentWriterRecordTest, IsRefusedWhereMessagesAreAbandoned) {
  store_->writer().abandon(test_uid(4), ShredParts::kMessages);
  EXPECT_EQ(append_record(final_of(4, "default")), AppendVerdict::kAbandoned);
  EXPECT_TRUE(slots_of(directory_.path(), 4).empty());
}

TEST_F(SegmentWriterRecordTest, SumsUpWhatTheSummarySays) {
  SegmentWriter& writer = store_->writer();
  // Less than a chunk: it waits to be packed until somebody asks.
  append(writer, *make_chunk({.recording = 5, .packets = 3}));
  const RecordingSummary early = writer.sum_up(final_of(5, "default"));
  EXPECT_GT(early.bytes, 0U);
  EXPECT_FALSE(early.sha256.empty());
  const RecordingSummary late = end(writer, test_uid(5));
  EXPECT_EQ(late.sha256, early.sha256);
  EXPECT_EQ(late.bytes, early.bytes);
}

}  // namespace
}  // namespace tapdeck::storage
