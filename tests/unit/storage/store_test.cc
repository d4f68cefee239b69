#include "storage/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>

#include "storage/files.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

MessageRecord make_message(std::int64_t time_us, std::string text) {
  MessageRecord message;
  message.time_us = time_us;
  message.source = {make_ipv4(0x01020304), 5060};
  message.destination = {make_ipv4(0x01020305), 5061};
  message.bytes = std::move(text);
  return message;
}

TEST(Store, ReadsBackWhatWasWrittenAfterReopening) {
  const TemporaryDirectory directory;
  std::vector<std::string> expected_1;
  std::vector<std::string> expected_2;
  std::string digest;
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    // Two recordings interleaved, two streams in the first.
    for (std::uint32_t sequence = 0; sequence < 20; ++sequence) {
      const auto a = make_chunk({.recording = 1, .stream = 0, .sequence = sequence});
      const auto b = make_chunk({.recording = 1, .stream = 1, .sequence = sequence});
      const auto c = make_chunk({.recording = 2, .stream = 0, .sequence = sequence});
      for (const auto* chunk : {&a, &b, &c}) append(store->writer(), **chunk);
      expected_1.insert(expected_1.begin() + sequence, section_text(*a));
      expected_1.push_back(section_text(*b));
      expected_2.push_back(section_text(*c));
    }
    const RecordingSummary summary = end(store->writer(), test_uid(1));
    EXPECT_EQ(summary.bytes, 40 * kExtentBytes);
    EXPECT_EQ(summary.failed_chunk_count, 0U);
    EXPECT_EQ(summary.sha256.size(), 64U);
  }
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  const auto reader = store->reader();
  const auto sections_1 = read_sections(*reader, test_uid(1));
  ASSERT_TRUE(sections_1) << sections_1.error().message;
  EXPECT_EQ(*sections_1, expected_1);
  const auto sections_2 = read_sections(*reader, test_uid(2));
  ASSERT_TRUE(sections_2);
  EXPECT_EQ(*sections_2, expected_2);
  const auto faults = reader->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty()) << faults->front().where << " " << faults->front().what;
  EXPECT_EQ(figure(*store, "recovered_segments"), 0U) << "a clean close leaves nothing to recover";
  EXPECT_EQ(figure(*store, "recovered_rows_of_segments"), 0U);
}

TEST(Store, ServesDurablePartsOfOpenRecordings) {
  const TemporaryDirectory directory;
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  const auto chunk = make_chunk({});
  append(store->writer(), *chunk);
  const auto reader = store->reader();
  auto before = reader->durability(test_uid(1));
  ASSERT_TRUE(before);
  ASSERT_EQ(before->size(), 1U);
  EXPECT_EQ(before->front().durable_until_us, 0);
  EXPECT_TRUE(read_sections(*reader, test_uid(1))->empty());
  ASSERT_TRUE(store->writer().flush());
  auto after = reader->durability(test_uid(1));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->front().durable_until_us, chunk->last_us);
  EXPECT_EQ(after->front().ssrc, 1000U);
  EXPECT_EQ(after->front().source.port, 4000);
  EXPECT_EQ(read_sections(*reader, test_uid(1))->size(), 1U);
  // The same answer from committed rows.
  store->writer().end_recording(test_uid(1));
  ASSERT_TRUE(store->put_pending_rows());
  EXPECT_EQ(figure(*store, "recordings_open"), 0U);
  auto committed = reader->durability(test_uid(1));
  ASSERT_TRUE(committed);
  ASSERT_EQ(committed->size(), 1U);
  EXPECT_EQ(committed->front().durable_until_us, chunk->last_us);
  EXPECT_EQ(committed->front().destination.port, 5000);
}

TEST(Store, AnEndedRecordingIsSettledWhenAllOfItIsDurable) {
  const TemporaryDirectory directory;
  const auto store = open_store(test_options(directory.path()));
  SegmentWriter& writer = store->writer();
  append(writer, *make_chunk({}));
  append(writer, *make_chunk({.sequence = 1, .packets = 3}));
  writer.end_recording(test_uid(1));
  EXPECT_FALSE(writer.is_settled(test_uid(1)));
  ASSERT_TRUE(writer.flush());
  EXPECT_TRUE(writer.is_settled(test_uid(1)));
  // What comes after the end counts too, and does not wait for the end of the segment.
  append(writer, *make_chunk({.sequence = 2}));
  EXPECT_FALSE(writer.is_settled(test_uid(1)));
  ASSERT_TRUE(writer.flush());
  EXPECT_TRUE(writer.is_settled(test_uid(1)));
  EXPECT_TRUE(writer.is_settled(test_uid(9)));  // nothing was kept of it
}

TEST(Store, PacksPartialChunks) {
  const TemporaryDirectory directory;
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  std::vector<std::string> expected;
  // Handed over out of order, as two workers might.
  const auto b0 = make_chunk({.stream = 1, .sequence = 0, .packets = 20});
  const auto a0 = make_chunk({.stream = 0, .sequence = 0, .packets = 20});
  const auto a1 = make_chunk({.stream = 0, .sequence = 1, .packets = 20});
  for (const auto* chunk : {&b0, &a0, &a1}) append(store->writer(), **chunk);
  const RecordingSummary summary = end(store->writer(), test_uid(1));
  EXPECT_EQ(summary.bytes, 3 * 4096U) << "three partial chunks share one extent";
  ASSERT_TRUE(store->writer().flush());
  EXPECT_EQ(figure(*store, "extents_packed"), 1U);
  const auto reader = store->reader();
  const std::vector<std::string> streams{section_text(*a0), section_text(*a1), section_text(*b0)};
  EXPECT_EQ(*read_sections(*reader, test_uid(1)), streams);
  const auto durable = reader->durability(test_uid(1));
  ASSERT_EQ(durable->size(), 2U);
  EXPECT_EQ(durable->at(0).durable_until_us + durable->at(1).durable_until_us,
            a1->last_us + b0->last_us);
}

TEST(Store, HeldSectionKeepsItsStreamFromBeingDurable) {
  const TemporaryDirectory directory;
  StoreOptions options = test_options(directory.path());
  options.flush_interval_ms = 1'000;
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  const auto partial = make_chunk({.sequence = 0, .packets = 5});
  const auto full = make_chunk({.sequence = 1});
  store->writer().step(0);
  append(store->writer(), *partial);
  append(store->writer(), *full);
  const auto reader = store->reader();
  ASSERT_TRUE(store->writer().flush());
  EXPECT_EQ(reader->durability(test_uid(1))->front().durable_until_us, full->last_us);
  EXPECT_EQ(read_sections(*reader, test_uid(1))->size(), 2U);
}

TEST(Store, MessagesComeBackInTimeOrder) {
  const TemporaryDirectory directory;
  std::string large(60'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7919 >> 3);
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    std::string records;
    append_message_record(make_message(20, "second"), records);
    append_message_record(make_message(10, "first"), records);
    ASSERT_EQ(store->writer().try_append_messages(test_uid(1), 0, records), AppendVerdict::kTaken);
    records.clear();
    // More than one staging buffer holds, in one call.
    for (int i = 0; i < 8; ++i) append_message_record(make_message(30 + i, large), records);
    ASSERT_EQ(store->writer().try_append_messages(test_uid(1), 0, records), AppendVerdict::kTaken);
    store->writer().end_recording(test_uid(1));
  }
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  std::vector<std::string> texts;
  const auto read = store->reader()->read_messages(test_uid(1), [&](const MessageRecord& message) {
    texts.push_back(message.bytes);
    EXPECT_EQ(message.source.port, 5060);
    return true;
  });
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(texts.size(), 10U);
  EXPECT_EQ(texts[0], "first");
  EXPECT_EQ(texts[1], "second");
  EXPECT_EQ(texts[9], large);
}

TEST(Store, SecondOwnerIsRefused) {
  const TemporaryDirectory directory;
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  const auto second = Store::open(test_options(directory.path()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
}

TEST(Store, MissingStoreIsNotMade) {
  const TemporaryDirectory directory;
  StoreOptions options = test_options(directory.path() + "/none");
  options.mode = StoreMode::kOpenExisting;
  const auto store = Store::open(options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(options.directory));
  options.directory = directory.path();
  EXPECT_FALSE(Store::open(options));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "a wrong directory is left as it is";
}

// `run` opens the store on one thread, writes on another and closes on the first.
TEST(Store, IsWrittenByAnotherThreadThanTheOneThatOpensAndCloses) {
  const TemporaryDirectory directory;
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    std::thread writing([&] {
      for (std::uint32_t i = 0; i < 50; ++i) append(store->writer(), *make_chunk({.sequence = i}));
      EXPECT_TRUE(store->writer().flush());
    });
    std::thread querying([&] {
      const auto reader = store->reader();
      for (int i = 0; i < 50; ++i) {
        const auto sections = read_sections(*reader, test_uid(1));
        ASSERT_TRUE(sections) << sections.error().message;
        ASSERT_TRUE(store->put_pending_rows());
      }
    });
    writing.join();
    querying.join();
    append(store->writer(), *make_chunk({.sequence = 50}));
  }
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 51U);
}

TEST(Store, MasterKeyIsChecked) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/keys/master.key";
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    append(store->writer(), *make_chunk({}));
  }
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  auto open_to_all = Store::open(test_options(directory.path()));
  ASSERT_FALSE(open_to_all);
  EXPECT_EQ(open_to_all.error().code, ErrorCode::kPermission);
  const std::array<std::uint8_t, 32> other{1, 2, 3};
  ASSERT_TRUE(write_file_durably(path, other, 0600));
  auto wrong = Store::open(test_options(directory.path()));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kPermission);
  std::filesystem::remove(path);
  auto gone = Store::open(test_options(directory.path()));
  ASSERT_FALSE(gone) << "a store with keys must not be given a new master key";
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
}

TEST(Store, HasAKeyToSignWith) {
  const TemporaryDirectory directory;
  const std::string keys = directory.path() + "/keys";
  PublicKey first{};
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    EXPECT_TRUE(std::filesystem::exists(keys + "/signing.key")) << "for the first backup";
    first = store->signing_key()->public_key;
  }
  const std::array<std::uint8_t, 1> junk{1};
  std::filesystem::copy(keys + "/signing.key", directory.path() + "/kept");
  ASSERT_TRUE(write_file_durably(keys + "/signing.key", junk, 0600));
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr) << "it records without one";
  EXPECT_EQ(store->signing_key().error().code, ErrorCode::kCorrupt);
  std::filesystem::rename(directory.path() + "/kept", keys + "/signing.key");
  EXPECT_EQ(store->signing_key()->public_key, first);
}

TEST(Store, FlippedBitIsFoundAndNamed) {
  const TemporaryDirectory directory;
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    for (std::uint32_t i = 0; i < 4; ++i) append(store->writer(), *make_chunk({.sequence = i}));
    store->writer().end_recording(test_uid(1));
  }
  const std::string path = segment_files(directory.path()).at(0);
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  const int file = ::open(path.c_str(), O_RDWR);
  std::uint8_t byte = 0;
  const off_t at = 4096 + 2 * 16384 + 5000;
  ASSERT_EQ(pread(file, &byte, 1, at), 1);
  byte ^= 1;
  ASSERT_EQ(pwrite(file, &byte, 1, at), 1);
  ::close(file);
  ASSERT_EQ(chmod(path.c_str(), 0400), 0);
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  const std::string where = path + ":" + std::to_string(4096 + 2 * 16384);
  const auto faults = store->reader()->check();
  ASSERT_TRUE(faults);
  ASSERT_FALSE(faults->empty());
  EXPECT_EQ(faults->front().where, where);
  int given = 0;
  const auto read = store->reader()->read_media(test_uid(1), [&](const SectionHeader&, ByteView) {
    ++given;
    return true;
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(read.error().message.find(where), std::string::npos) << read.error().message;
  EXPECT_EQ(given, 2) << "everything readable before it is given";
}

TEST(Store, SegmentsRollOverAndSeal) {
  const TemporaryDirectory directory;
  std::vector<std::string> expected;
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    for (std::uint32_t i = 0; i < 600; ++i) {  // 9.4 MiB into segments of 4
      const auto chunk = make_chunk({.sequence = i});
      append(store->writer(), *chunk);
      expected.push_back(section_text(*chunk));
    }
    ASSERT_TRUE(store->writer().flush());
    EXPECT_EQ(figure(*store, "segments"), 3U);
    EXPECT_EQ(*read_sections(*store->reader(), test_uid(1)), expected);
    ASSERT_TRUE(store->put_pending_rows());
    EXPECT_EQ(*read_sections(*store->reader(), test_uid(1)), expected);
  }
  for (const std::string& path : segment_files(directory.path())) {
    struct stat status {};

    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0400U);
    EXPECT_LE(status.st_size, (4 << 20) + (64 << 10));
  }
}

CallRecord call_in_progress() {
  CallRecord call;
  call.uid = test_uid(1);
  call.start_us = kTestStartMs * 1000;
  return call;
}

// A store whose first call, in progress, has three chunks; and one chunk of the second.
void leave_call_in_progress(const StoreOptions& options) {
  const CallRecord call = call_in_progress();
  const auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  ASSERT_TRUE(store->put_calls({&call, 1}));
  for (std::uint32_t i = 0; i < 3; ++i) append(store->writer(), *make_chunk({.sequence = i}));
  append(store->writer(), *make_chunk({.recording = 2}));
}

// A crash and a restart give one digest over both parts, equal to that of one uninterrupted run.
TEST(Store, ContinuedRecordingKeepsItsDigestOverAllExtents) {
  const TemporaryDirectory directory;
  leave_call_in_progress(test_options(directory.path()));
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  for (std::uint32_t i = 0; i < 2; ++i) {
    append(store->writer(), *make_chunk({.sequence = i, .payload = 173}));
  }
  const RecordingSummary summary = end(store->writer(), test_uid(1));
  EXPECT_EQ(summary.bytes, 5 * kExtentBytes);
  ASSERT_TRUE(store->writer().flush());
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 5U)
      << "streams of the two runs must not share numbers";
}

// An attempt that a crash cut short is made anew under the same uid: nothing of it may be left, and
// nothing of others may go.
TEST(Store, ADiscardedRecordingLeavesRoomForItsSecondAttempt) {
  const TemporaryDirectory directory;
  leave_call_in_progress(test_options(directory.path()));
  const auto again = make_chunk({.payload = 173});
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(*store->presence_of(test_uid(1)), Presence::kAbsent);
    EXPECT_TRUE(read_sections(*store->reader(), test_uid(1))->empty());
    append(store->writer(), *again);
    EXPECT_EQ(end(store->writer(), test_uid(1)).bytes, kExtentBytes);
    ASSERT_TRUE(store->writer().flush());
    EXPECT_EQ(figure(*store, "keys_destroyed"), 1U);
  }
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  CallRecord call = call_in_progress();
  call.final = true;
  call.version = 2;
  ASSERT_TRUE(store->put_calls({&call, 1}));
  EXPECT_EQ(*store->presence_of(test_uid(1)), Presence::kPresent);
  EXPECT_EQ(*read_sections(*store->reader(), test_uid(1)),
            std::vector<std::string>{section_text(*again)})
      << "a finished call was discarded";
  EXPECT_EQ(read_sections(*store->reader(), test_uid(2))->size(), 1U);
  const auto faults = store->reader()->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty());
}

}  // namespace
}  // namespace tapdeck::storage
