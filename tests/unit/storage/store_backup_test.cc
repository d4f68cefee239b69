// Copies of a store that is in use, and stores that are made of them.
#include <sys/stat.h>

#include "storage/backup.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

class StoreBackupTest : public ShredderTest {
 protected:
  void record(std::uint8_t number) {
    SegmentWriter& writer = store_->writer();
    append(writer, *make_chunk({.recording = number}));
    ASSERT_TRUE(writer.flush());
    end(writer, test_uid(number));
    const CallRecord call = call_of(number, true);
    ASSERT_TRUE(store_->put_calls({&call, 1}));
  }

  // Of the media of recording 1; what is there stays.
  void journal_erasure() {
    Erasure erasure;
    erasure.reason = "r";
    erasure.parts = kPartMedia;
    ASSERT_TRUE(store_->journal().commit({.uid = test_uid(1), .time_us = 1, .content = erasure}));
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return copies_.path() + "/" + name;
  }

  TemporaryDirectory copies_;

  std::unique_ptr<Store> open_at(const std::string& name) {
    StoreOptions options = options_;
    options.directory = path(name);
    options.mode = StoreMode::kOpenExisting;
    return open_store(options);
  }
};

TEST_F(StoreBackupTest, ACopyOfAStoreInUseIsAStore) {
  open();
  record(1);
  append(store_->writer(), *make_chunk({.recording = 2}));  // still being recorded
  ASSERT_TRUE(store_->writer().flush());
  const auto copied = store_->backup(path("copy"));
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_GT(copied->files, 4U);
  record(3);  // behind the copy
  const auto restored = restore_copy(path("copy"), path("restored"), "");
  ASSERT_TRUE(restored) << restored.error().message;
  const auto store = open_at("restored");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 1U);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(2))->size(), 1U);
  EXPECT_TRUE(store->get_call(test_uid(1)));
  EXPECT_FALSE(store->get_call(test_uid(3)));
  EXPECT_TRUE(store->reader()->check()->empty());
  EXPECT_EQ(store->signing_key()->public_key, store_->signing_key()->public_key);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(3))->size(), 1U) << "the store goes on";
}

TEST_F(StoreBackupTest, NothingIsOverwritten) {
  open();
  std::filesystem::create_directory(path("there"));
  EXPECT_EQ(store_->backup(path("there")).error().code, ErrorCode::kAlreadyExists);
  ASSERT_TRUE(store_->backup(path("copy")));
  EXPECT_EQ(restore_copy(path("copy"), directory_.path(), "").error().code,
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(restore_copy(path("there"), path("new"), "").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(restore_copy(directory_.path(), path("new"), "").error().code, ErrorCode::kBusy);
  store_.reset();
  EXPECT_TRUE(restore_copy(directory_.path(), path("new"), "")) << "nobody writes to it";
}

// RocksDB copies its tables itself when it cannot link them.
TEST_F(StoreBackupTest, ACopyOntoAnotherFileSystemIsCountedAsAWhole) {
  open();
  record(1);

  struct stat here {};

  struct stat there {};

  const TemporaryDirectory other("/dev/shm");
  ASSERT_EQ(::stat(other.path().c_str(), &there), 0);
  ASSERT_EQ(::stat(directory_.path().c_str(), &here), 0);
  if (here.st_dev == there.st_dev) GTEST_SKIP() << "/dev/shm is on the file system of the tests";
  for (const std::string& to : {other.path() + "/copy", path("copy")}) {
    const auto copied = store_->backup(to);
    ASSERT_TRUE(copied) << copied.error().message;
    std::uint64_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(to)) {
      if (entry.is_regular_file()) ++files;
    }
    EXPECT_EQ(copied->files, files) << to;
    EXPECT_FALSE(std::filesystem::exists(to + ".partial"));
  }
}

// Whoever destroys the copy, or the store, destroys nothing of the other.
TEST_F(StoreBackupTest, NoFileIsShared) {
  open();
  record(1);
  store_.reset();
  open();  // seals
  ASSERT_TRUE(store_->backup(path("copy")));
  std::uint64_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("copy"))) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(std::filesystem::hard_link_count(entry.path()), 1U) << entry.path();
  }
  EXPECT_GT(files, 6U);
  EXPECT_FALSE(std::filesystem::exists(path("copy/calls.checkpoint")));
}

TEST_F(StoreBackupTest, NoneIsMadeInsideOfTheStore) {
  open();
  const std::string inside = directory_.path() + "/segments/x";
  EXPECT_EQ(store_->backup(inside).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(inside + ".partial"));
}

TEST_F(StoreBackupTest, ANewerJournalOfTheSameStoreTakesThePlaceOfTheCopys) {
  open();
  record(1);
  ASSERT_TRUE(store_->backup(path("copy")));
  journal_erasure();
  ASSERT_TRUE(restore_copy(path("copy"), path("restored"), directory_.path() + "/ledger"));
  const auto store = open_at("restored");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->journal().look(
                [](const LedgerState& state) { return state.erased_parts(test_uid(1)); }),
            kPartMedia);
}

TEST_F(StoreBackupTest, AnOlderJournalIsRefused) {
  open();
  record(1);
  std::filesystem::copy(directory_.path() + "/ledger", path("ledger"));
  journal_erasure();
  ASSERT_TRUE(store_->backup(path("copy")));
  EXPECT_EQ(restore_copy(path("copy"), path("new"), path("ledger")).error().code,
            ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(path("new")));
  EXPECT_TRUE(restore_copy(path("copy"), path("new"), directory_.path() + "/ledger"));
}

TEST_F(StoreBackupTest, AnotherStoresJournalIsRefused) {
  open();
  ASSERT_TRUE(store_->backup(path("copy")));
  StoreOptions options = options_;
  options.directory = path("other");
  ASSERT_NE(open_store(options), nullptr);
  EXPECT_EQ(restore_copy(path("copy"), path("new"), path("other/ledger")).error().code,
            ErrorCode::kCorrupt);
  EXPECT_EQ(restore_copy(path("copy"), path("new"), path("nowhere")).error().code,
            ErrorCode::kNotFound);
}

TEST_F(StoreBackupTest, ACopyWithoutItsJournalIsRefused) {
  open();
  record(1);
  ASSERT_TRUE(store_->backup(path("copy")));
  std::filesystem::remove_all(path("copy") + "/ledger");
  EXPECT_EQ(restore_copy(path("copy"), path("restored"), "").error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(path("restored")));
  EXPECT_TRUE(restore_copy(path("copy"), path("restored"), directory_.path() + "/ledger"));
}

TEST_F(StoreBackupTest, AStoreWithoutItsJournalIsNotOpened) {
  open();
  record(1);
  store_.reset();
  std::filesystem::remove_all(directory_.path() + "/ledger");
  const auto opened = Store::open(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/ledger"));
}

TEST_F(StoreBackupTest, AnOlderJournalIsNotTakenForTheStoresOwn) {
  open();
  record(1);
  std::filesystem::copy(directory_.path() + "/ledger", path("older"));
  journal_erasure();
  store_.reset();
  std::filesystem::rename(directory_.path() + "/ledger", path("newest"));
  std::filesystem::copy(path("older"), directory_.path() + "/ledger");
  const auto opened = Store::open(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("has 0 entries, and had 1"), std::string::npos)
      << opened.error().message;
  std::filesystem::remove_all(directory_.path() + "/ledger");
  std::filesystem::rename(path("newest"), directory_.path() + "/ledger");
  EXPECT_TRUE(Store::open(options_));
}

}  // namespace
}  // namespace tapdeck::storage
