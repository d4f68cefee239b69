#include "storage/segment_checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "storage/files.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kChunks = 40;

StoreOptions often_checkpointed(const std::string& directory) {
  StoreOptions options = test_options(directory);
  options.checkpoint_bytes = 128U << 10;
  return options;
}

// A store that was killed with some checkpoints in its one media segment, and its pieces.
class KilledStore {
 public:
  KilledStore() : options_(often_checkpointed(directory_.path() + "/store")) {
    crash_after(options_, [](Store& store) {
      store.writer().step(monotonic_now_ns());
      for (std::uint32_t i = 0; i < kChunks; ++i) {
        append(store.writer(), *make_chunk({.sequence = i}));
        if (i % 10 == 5) {  // two sections in one extent
          append(store.writer(), *make_chunk({.sequence = kChunks + i, .packets = 2}));
          append(store.writer(), *make_chunk({.stream = 1, .sequence = i, .packets = 2}));
        }
        if (!store.writer().flush()) _exit(2);
        if (i < kChunks - 5) store.writer().step(monotonic_now_ns());  // makes checkpoints
      }
    });
    segment_path_ = segment_files(options_.directory).at(0);
    path_ = checkpoint_path(segment_path_);
    segment_ = Descriptor(::open(segment_path_.c_str(), O_RDWR));
    std::vector<std::uint8_t> block(kBlockBytes);
    read_up_to(segment_.get(), block, 0);
    const auto header = decode_segment_header(block);
    EXPECT_TRUE(header);
    if (header) id_ = header->id;
  }

  [[nodiscard]] Checkpointed read() const {
    return read_checkpoints(segment_.get(), segment_path_, id_);
  }

  [[nodiscard]] std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> bytes(std::filesystem::file_size(path_));
    const Descriptor file(::open(path_.c_str(), O_RDONLY));
    EXPECT_TRUE(read_fully(file.get(), bytes, 0));
    return bytes;
  }

  void put(ByteView bytes) const {
    const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
    EXPECT_TRUE(write_fully(file.get(), bytes, 0));
  }

  // Opens it; all media must be there.
  [[nodiscard]] std::unique_ptr<Store> open() const {
    auto store = open_store(options_);
    if (store == nullptr) return store;
    const auto sections = read_sections(*store->reader(), test_uid(1));
    EXPECT_TRUE(sections) << sections.error().message;
    EXPECT_EQ(sections->size(), kChunks + 8);
    const auto faults = store->reader()->check();
    EXPECT_TRUE(faults->empty()) << faults->front().where << " " << faults->front().what;
    EXPECT_EQ(figure(*store, "recovered_bytes_dropped"), 0U);
    EXPECT_FALSE(std::filesystem::exists(path_)) << "sealed: nothing to continue";
    return store;
  }

  [[nodiscard]] const StoreOptions& options() const { return options_; }

  [[nodiscard]] const std::string& segment_path() const { return segment_path_; }

  [[nodiscard]] const SegmentId& id() const { return id_; }

 private:
  TemporaryDirectory directory_;
  StoreOptions options_;
  std::string segment_path_;
  std::string path_;
  Descriptor segment_;
  SegmentId id_{};
};

bool is_start_of(const Checkpointed& part, const Checkpointed& whole) {
  return part.end <= whole.end && part.entries.size() <= whole.entries.size() &&
         std::equal(part.entries.begin(), part.entries.end(), whole.entries.begin());
}

// The records of a checkpoint file, for building others from them.
std::vector<CheckpointRecord> records_of(const SegmentId& id, ByteView bytes) {
  std::vector<CheckpointRecord> records;
  std::uint64_t from = kSegmentHeaderBytes;
  while (auto record = take_checkpoint(id, from, bytes)) {
    from = record->to;
    records.push_back(std::move(*record));
  }
  EXPECT_TRUE(bytes.empty());
  return records;
}

std::vector<std::uint8_t> encode(const SegmentId& id, const CheckpointRecord& record) {
  return encode_checkpoint(id, record.from, record.to, record.entries);
}

TEST(SegmentCheckpoint, RecoveryGoesOnBehindTheLastOne) {
  const KilledStore killed;
  const Checkpointed known = killed.read();
  EXPECT_GE(records_of(killed.id(), killed.bytes()).size(), 3U);
  const auto store = killed.open();
  ASSERT_NE(store, nullptr);
  EXPECT_GT(figure(*store, "recovered_from_checkpoints"), kChunks / 2);
  EXPECT_LT(figure(*store, "recovered_from_checkpoints"), figure(*store, "recovered_extents"));
  EXPECT_EQ(figure(*store, "recovered_extents"), kChunks + 4) << "packed ones count once";
}

// The index is the one that a scan of everything gives.
TEST(SegmentCheckpoint, ChangesNothingOfWhatIsFound) {
  const KilledStore killed;
  const std::string copy = killed.options().directory + ".copy";
  std::filesystem::copy(killed.options().directory, copy, std::filesystem::copy_options::recursive);
  std::filesystem::remove(checkpoint_path(segment_files(copy).at(0)));
  StoreOptions scanned = killed.options();
  scanned.directory = copy;
  ASSERT_NE(open_store(scanned), nullptr);
  ASSERT_NE(killed.open(), nullptr);
  const auto bytes_of = [](const std::string& path) {
    std::vector<std::uint8_t> bytes(std::filesystem::file_size(path));
    const Descriptor file(::open(path.c_str(), O_RDONLY));
    EXPECT_TRUE(read_fully(file.get(), bytes, 0));
    return bytes;
  };
  EXPECT_EQ(bytes_of(killed.segment_path()), bytes_of(segment_files(copy).at(0)));
}

TEST(SegmentCheckpoint, WhatItCoversIsNotReadAgain) {
  const KilledStore killed;
  const ExtentEntry first = records_of(killed.id(), killed.bytes()).at(1).entries.front().entry;
  {
    const Descriptor file(::open(killed.segment_path().c_str(), O_RDWR));
    std::uint8_t byte = 0;
    ASSERT_TRUE(read_fully(file.get(), {&byte, 1}, first.offset + 777));
    byte ^= 0x5a;
    ASSERT_TRUE(write_fully(file.get(), {&byte, 1}, first.offset + 777));
  }
  const auto store = open_store(killed.options());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(figure(*store, "recovered_bytes_dropped"), 0U);
  const auto faults = store->reader()->check();
  ASSERT_FALSE(faults->empty()) << "damage is for check() to name";
  EXPECT_EQ(faults->front().where, killed.segment_path() + ":" + std::to_string(first.offset));
}

TEST(SegmentCheckpoint, CutAnywhereGivesTheRecordsBefore) {
  const KilledStore killed;
  const auto bytes = killed.bytes();
  const Checkpointed whole = killed.read();
  std::uint64_t end = 0;
  for (std::size_t length = 0; length <= bytes.size(); length += 8) {
    killed.put(ByteView(bytes).first(length));
    const Checkpointed part = killed.read();
    EXPECT_TRUE(is_start_of(part, whole));
    EXPECT_GE(part.end, end);
    end = part.end;
  }
  EXPECT_EQ(end, whole.end);
  killed.put(ByteView(bytes).first(bytes.size() - 100));
  const auto store = killed.open();
  ASSERT_NE(store, nullptr);
  EXPECT_GT(figure(*store, "recovered_from_checkpoints"), 0U);
}

// A power cut may leave zeros, or anything, where a record was to be.
TEST(SegmentCheckpoint, FlippedBitEndsWhatIsBelieved) {
  const KilledStore killed;
  const auto bytes = killed.bytes();
  const Checkpointed whole = killed.read();
  for (std::size_t at = 0; at < bytes.size(); at += 37) {
    auto damaged = bytes;
    damaged[at] ^= 0x10;
    killed.put(damaged);
    const Checkpointed part = killed.read();
    EXPECT_TRUE(is_start_of(part, whole));
    EXPECT_LT(part.end, whole.end);
  }
  auto blank = bytes;
  std::fill(blank.begin() + 200, blank.end(), std::uint8_t{0});
  killed.put(blank);
  EXPECT_NE(killed.open(), nullptr);
}

TEST(SegmentCheckpoint, OfAnotherSegmentIsIgnored) {
  const KilledStore killed;
  std::vector<std::uint8_t> other;
  for (const CheckpointRecord& record : records_of(killed.id(), killed.bytes())) {
    const auto bytes = encode(make_segment_id(), record);
    other.insert(other.end(), bytes.begin(), bytes.end());
  }
  killed.put(other);
  EXPECT_TRUE(killed.read().entries.empty());
  const auto store = killed.open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(figure(*store, "recovered_from_checkpoints"), 0U);
}

// What a checkpoint says is durable can still be gone: a disk that lied, a file put back.
TEST(SegmentCheckpoint, PastTheEndOfTheSegmentIsIgnored) {
  const KilledStore killed;
  const auto records = records_of(killed.id(), killed.bytes());
  ASSERT_GE(records.size(), 3U);
  const std::uint64_t cut = records.back().to - kBlockBytes;
  ASSERT_EQ(truncate(killed.segment_path().c_str(), static_cast<off_t>(cut)), 0);
  EXPECT_EQ(killed.read().end, records.back().from);
  const auto store = open_store(killed.options());
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(store->reader()->check()->empty());
  const auto sections = read_sections(*store->reader(), test_uid(1));
  ASSERT_TRUE(sections);
  EXPECT_GT(sections->size(), kChunks / 2);
}

TEST(SegmentCheckpoint, ThatLiesIsIgnored) {
  const KilledStore killed;
  const CheckpointRecord truth = records_of(killed.id(), killed.bytes()).front();
  std::vector<CheckpointRecord> lies(6, truth);
  lies[0].entries.back().recording = test_uid(9);
  lies[1].entries.pop_back();  // does not reach its end
  lies[2].from += kBlockBytes;
  lies[3].to += kBlockBytes;
  lies[4].entries.erase(lies[4].entries.begin() + 1);  // a hole
  lies[5].entries.insert(lies[5].entries.begin(), lies[5].entries.front());
  for (const CheckpointRecord& lie : lies) {
    killed.put(encode(killed.id(), lie));
    EXPECT_TRUE(killed.read().entries.empty());
  }
  EXPECT_NE(killed.open(), nullptr);
}

// A crash between the footer and the removal.
TEST(SegmentCheckpoint, BesideASealedSegmentIsRemoved) {
  const TemporaryDirectory directory;
  const StoreOptions options = often_checkpointed(directory.path());
  {
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    for (std::uint32_t i = 0; i < kChunks; ++i) {
      append(store->writer(), *make_chunk({.sequence = i}));
      store->writer().step(monotonic_now_ns());
    }
    ASSERT_TRUE(store->writer().flush());
    store->writer().step(monotonic_now_ns());
    ASSERT_TRUE(store->writer().flush());
    EXPECT_GT(figure(*store, "checkpoints"), 0U);
    EXPECT_EQ(figure(*store, "checkpoints_failed"), 0U);
  }
  const std::string path = checkpoint_path(segment_files(directory.path()).at(0));
  EXPECT_FALSE(std::filesystem::exists(path));
  const Descriptor stale(::open(path.c_str(), O_WRONLY | O_CREAT, 0600));
  ASSERT_NE(open_store(options), nullptr);
  EXPECT_FALSE(std::filesystem::exists(path));
}

// Few bytes are checkpointed too, when they are old enough.
TEST(SegmentCheckpoint, IsWrittenAfterItsInterval) {
  const TemporaryDirectory directory;
  const auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  store->writer().step(0);
  append(store->writer(), *make_chunk({}));
  ASSERT_TRUE(store->writer().flush());
  store->writer().step(9 * kNsPerSecond);
  ASSERT_TRUE(store->writer().flush());
  EXPECT_EQ(figure(*store, "checkpoints"), 0U);
  store->writer().step(10 * kNsPerSecond);
  ASSERT_TRUE(store->writer().flush());
  EXPECT_EQ(figure(*store, "checkpoints"), 1U);
}

}  // namespace
}  // namespace tapdeck::storage
