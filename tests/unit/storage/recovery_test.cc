#include "storage/recovery.h"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

#include "storage/files.h"
#include "storage/segment_file.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

TEST(Recovery, KeepsWhatWasFlushedBeforeAKill) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  const std::string durable_file = directory.path() + "/durable";
  std::vector<std::string> expected;
  for (std::uint32_t i = 0; i < 30; ++i) {
    expected.push_back(section_text(*make_chunk({.sequence = i})));
  }
  expected.push_back(section_text(*make_chunk({.sequence = 30, .packets = 9})));
  expected.push_back(section_text(*make_chunk({.stream = 1, .sequence = 0, .packets = 9})));
  crash_after(options, [&](Store& store) {
    for (std::uint32_t i = 0; i < 30; ++i) append(store.writer(), *make_chunk({.sequence = i}));
    // These two are packed into one extent.
    append(store.writer(), *make_chunk({.sequence = 30, .packets = 9}));
    append(store.writer(), *make_chunk({.stream = 1, .sequence = 0, .packets = 9}));
    if (!store.writer().flush()) _exit(2);
    const auto durable = store.reader()->durability(test_uid(1));
    std::ofstream(durable_file) << durable->at(0).durable_until_us;
    // Appended, never flushed: may be lost.
    append(store.writer(), *make_chunk({.sequence = 31}));
  });
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(figure(*store, "recovered_segments"), 1U);
  EXPECT_EQ(figure(*store, "recovered_extents"), 31U);
  auto sections = read_sections(*store->reader(), test_uid(1));
  ASSERT_TRUE(sections) << sections.error().message;
  EXPECT_EQ(*sections, expected);
  std::int64_t durable_before = 0;
  std::ifstream(durable_file) >> durable_before;
  EXPECT_GT(durable_before, 0);
  const auto durable = store->reader()->durability(test_uid(1));
  ASSERT_TRUE(durable);
  ASSERT_EQ(durable->size(), 2U);
  EXPECT_GE(durable->at(0).durable_until_us, durable_before);
  const auto faults = store->reader()->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty()) << faults->front().where << " " << faults->front().what;
}

TEST(Recovery, SealedSegmentWhoseRowsWereLostIsIndexedAgain) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  crash_after(options, [&](Store& store) {
    for (std::uint32_t i = 0; i < 300; ++i) append(store.writer(), *make_chunk({.sequence = i}));
    if (!store.writer().flush()) _exit(2);
    // The first segment is sealed now; no row has been committed.
  });
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(figure(*store, "recovered_rows_of_segments"), 1U);
  EXPECT_EQ(figure(*store, "recovered_segments"), 1U);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 300U);
}

TEST(Recovery, TornTailIsCutOffAndCounted) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  crash_after(options, [&](Store& store) {
    for (std::uint32_t i = 0; i < 5; ++i) append(store.writer(), *make_chunk({.sequence = i}));
    if (!store.writer().flush()) _exit(2);
  });
  const std::string path = segment_files(directory.path()).at(0);
  const off_t last = 4096 + 4 * 16384;
  {
    // Half of the last extent never reached the disk.
    const Descriptor file(::open(path.c_str(), O_RDWR));
    const std::vector<std::uint8_t> zeros(8192);
    ASSERT_TRUE(write_fully(file.get(), zeros, static_cast<std::uint64_t>(last) + 8192));
  }
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 4U);
  EXPECT_EQ(figure(*store, "recovered_bytes_dropped"), 8192U);

  struct stat status {};

  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, last + 4096) << "cut behind the last extent, then the footer";
  EXPECT_TRUE(store->reader()->check()->empty());
}

// A bad extent in the middle must not take the durable ones behind it away.
TEST(Recovery, GoesOnBehindADamagedExtent) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  crash_after(options, [&](Store& store) {
    for (std::uint32_t i = 0; i < 5; ++i) append(store.writer(), *make_chunk({.sequence = i}));
    if (!store.writer().flush()) _exit(2);
  });
  {
    const Descriptor file(::open(segment_files(directory.path()).at(0).c_str(), O_RDWR));
    std::uint8_t byte = 0;
    ASSERT_EQ(pread(file.get(), &byte, 1, 4096 + 16384 + 777), 1);
    byte ^= 0x5a;  // another one than it was, whatever the key made of it
    ASSERT_TRUE(write_fully(file.get(), {&byte, 1}, 4096 + 16384 + 777));
  }
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 4U);
  EXPECT_FALSE(store->reader()->check()->empty());
}

TEST(Recovery, OpensAgainAfterManyKills) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  std::size_t flushed = 0;
  for (std::uint32_t round = 0; round < 4; ++round) {
    crash_after(options, [&](Store& store) {
      for (std::uint32_t i = 0; i < 10; ++i) {
        append(store.writer(),
               *make_chunk({.recording = static_cast<std::uint8_t>(round + 1), .sequence = i}));
      }
      if (round % 2 == 0 && !store.writer().flush()) _exit(2);
    });
    if (round % 2 == 0) ++flushed;
  }
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  std::size_t whole = 0;
  for (std::uint8_t recording = 1; recording <= 4; ++recording) {
    const auto sections = read_sections(*store->reader(), test_uid(recording));
    ASSERT_TRUE(sections) << sections.error().message;
    if (sections->size() == 10) ++whole;
  }
  EXPECT_GE(whole, flushed);
  EXPECT_TRUE(store->reader()->check()->empty());
}

void put_call(Store& store, bool final) {
  CallRecord call;
  call.uid = test_uid(1);
  call.start_us = kTestStartMs * 1000;
  call.version = final ? 2 : 1;
  call.final = final;
  ASSERT_TRUE(store.put_calls({&call, 1}));
}

void lose_modes(const std::string& directory) {
  for (const std::string& path : segment_files(directory)) {
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  }
}

// The first recording is what `expected` says and nothing else, and the store has no fault.
void expect_first(Store& store, const std::vector<std::string>& expected) {
  const auto sections = read_sections(*store.reader(), test_uid(1));
  ASSERT_TRUE(sections) << sections.error().message;
  EXPECT_EQ(*sections, expected);
  const auto faults = store.reader()->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty()) << faults->front().where << " " << faults->front().what;
}

// The footer of a segment lists what was discarded, under keys that are no more.  The second
// attempt gets the first one's key slot, so that a key under that number is there to be read.
TEST(Recovery, ASegmentLookedAtAgainBringsBackNothingDiscarded) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  crash_after(options, [&](Store& store) {
    put_call(store, false);
    for (std::uint32_t i = 0; i < 3; ++i) append(store.writer(), *make_chunk({.sequence = i}));
    append(store.writer(), *make_chunk({.recording = 2}));
    if (!store.writer().flush()) _exit(2);
  });
  const auto again = make_chunk({.payload = 173});
  {
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(*store->presence_of(test_uid(1)), Presence::kAbsent);
    append(store->writer(), *again);
    end(store->writer(), test_uid(1));
    ASSERT_TRUE(store->writer().flush());
    put_call(*store, true);
  }
  for (int round = 0; round < 2; ++round) {
    lose_modes(directory.path());
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(figure(*store, "recovered_rows_of_segments"), 2U);
    expect_first(*store, {section_text(*again)});
    EXPECT_EQ(read_sections(*store->reader(), test_uid(2))->size(), 1U) << "nothing of others goes";
  }
}

// Both attempts in one segment: what is behind the discarded part belongs to the second.
TEST(Recovery, BothAttemptsInOneSegmentAreToldApart) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  const auto again = make_chunk({.payload = 173});
  {
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    put_call(*store, false);
    for (std::uint32_t i = 0; i < 3; ++i) append(store->writer(), *make_chunk({.sequence = i}));
    end(store->writer(), test_uid(1));
    ASSERT_TRUE(store->writer().flush());
    ASSERT_TRUE(store->put_pending_rows());
    EXPECT_EQ(*store->presence_of(test_uid(1)), Presence::kAbsent);
    append(store->writer(), *again);
    end(store->writer(), test_uid(1));
    ASSERT_TRUE(store->writer().flush());
    put_call(*store, true);
    expect_first(*store, {section_text(*again)});
  }
  ASSERT_EQ(segment_files(directory.path()).size(), 1U);
  lose_modes(directory.path());
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  expect_first(*store, {section_text(*again)});
}

TEST(Recovery, PathsTellKindAndId) {
  const SegmentId id{0xab, 1};
  const std::string directory = segment_directory("/s", "default", SegmentKind::kSip, 20'000);
  const auto parsed = parse_segment_path(directory + "/" + segment_file_name(id));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, id);
  EXPECT_EQ(parsed->kind, SegmentKind::kSip);
  EXPECT_FALSE(parse_segment_path("/s/segments/x.seg"));
  EXPECT_FALSE(parse_segment_path(directory + "/" + std::string(32, 'g') + ".seg"));
}

}  // namespace
}  // namespace tapdeck::storage
