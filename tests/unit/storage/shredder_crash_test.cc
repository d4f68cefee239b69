// Recordings that are destroyed while another thread writes them, or while the process is killed.
#include <atomic>
#include <thread>

#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

// What was in the buffers reaches the disk behind it, and no row.
TEST_F(ShredderTest, RecoveryListsNothingOfIt) {
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({}));
    append(store.writer(), *make_chunk({.recording = 2}));
    ASSERT_TRUE(store.writer().flush());
    append(store.writer(), *make_chunk({.sequence = 1}));
    const bool shredded = store.shred(test_uid(1), ShredParts::kMedia).has_value();
    if (!shredded || !store.writer().flush()) _exit(1);
  });
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
  open();
  EXPECT_EQ(figure(*store_, "recovered_extents"), 3U) << "the test's extents are not there";
  expect_told(1);
  expect_consistent();
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(2))->size(), 1U);
}

// Keys go first: cut short behind them, all that is left is what cannot be read.
TEST_F(ShredderTest, CutShortBehindTheKeysItCanBeFinished) {
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({}));
    if (!store.writer().flush()) _exit(1);
    RefusingDisk::instance().watch(".keys");
    RefusingDisk::instance().refuse_sync = 0;
    if (store.shred(test_uid(1), ShredParts::kMedia)) _exit(1);
  });
  open();
  const auto read = read_sections(*store_->reader(), test_uid(1));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  expect_consistent();
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  expect_told(1);
}

TEST_F(ShredderTest, AnotherThreadShredsWhatThisOneWrites) {
  open();
  std::atomic<int> written{0};
  std::atomic<bool> shredded{false};
  std::thread writing([&] {
    int refused = 0;
    for (std::uint32_t i = 0; refused < 3; ++i) {
      const auto chunk = make_chunk({.sequence = i, .packets = i % 4 == 3 ? 5U : 80U});
      AppendVerdict verdict = AppendVerdict::kBusy;
      while (verdict == AppendVerdict::kBusy) {
        store_->writer().step(monotonic_now_ns());
        verdict = store_->writer().try_append(*chunk);
      }
      if (shredded) ++refused;
      if (refused > 1) {
        EXPECT_EQ(verdict, AppendVerdict::kAbandoned);
      }
      ++written;
    }
    EXPECT_TRUE(store_->writer().flush());
  });
  while (written < 20) std::this_thread::yield();
  EXPECT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  shredded = true;
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
  writing.join();
  expect_told(1);
  ASSERT_TRUE(store_->put_pending_rows());
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
  open();
  expect_told(1);
  expect_consistent();
}

// Killed at any moment: what was acknowledged is gone, and no key is left without a row.
TEST_F(ShredderTest, KilledAtAnyMoment) {
  for (int round = 0; round < 8; ++round) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Store::open(options_);
      if (!store) _exit(1);
      for (std::uint8_t number = 0; number < 250; ++number) {
        append((*store)->writer(), *make_chunk({.recording = number}));
        if (number % 3 == 0 && !(*store)->writer().flush()) _exit(1);
        if (number % 2 == 0) continue;
        if (!(*store)->shred(test_uid(number), ShredParts::kAll)) _exit(1);
        if (write(ends[1], &number, 1) != 1) _exit(1);
      }
      pause();
    }
    ::close(ends[1]);
    std::vector<std::uint8_t> told(1);
    ASSERT_EQ(read(ends[0], told.data(), 1), 1);
    usleep(static_cast<useconds_t>(round * 9'000));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    for (std::uint8_t number = 0; read(ends[0], &number, 1) == 1;) told.push_back(number);
    ::close(ends[0]);
    open();
    expect_consistent();
    for (const std::uint8_t number : told) {
      EXPECT_TRUE(slots_of(directory_.path(), number).empty());
      EXPECT_FALSE(read_sections(*store_->reader(), test_uid(number)));
    }
    for (std::uint8_t number = 0; number < 250; ++number) {
      const auto sections = read_sections(*store_->reader(), test_uid(number));
      if (sections && sections->empty()) {
        EXPECT_TRUE(slots_of(directory_.path(), number).empty()) << "a key that opens nothing";
      }
    }
    store_.reset();
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directory(directory_.path());
  }
}

}  // namespace
}  // namespace tapdeck::storage
