// A disk that refuses: each write, sync and rename of a ledger's life fails once, in turn. What was
// acknowledged is there afterwards, what was not is not promised, and nothing passes for written
// because a second sync succeeds.
#include <cerrno>
#include <cstdio>
#include <sys/syscall.h>

#include "tests/unit/storage/ledger_fixture.h"

namespace {

struct Faults {
  int calls = 0;            // so far
  int fail_at = -1;         // the call that fails
  int error = EIO;          // how
  bool write_half = false;  // of a write that fails
  std::uint64_t written_from = ~0ULL;
  std::uint64_t written_to = 0;
};

Faults faults;

bool fails() {
  if (faults.calls++ != faults.fail_at) return false;
  errno = faults.error;
  return true;
}

}  // namespace

// These stand before the C library's in this executable.
extern "C" {
ssize_t pwrite64(int file, const void* from, std::size_t bytes, off64_t offset) {
  if (fails()) {
    if (faults.write_half) syscall(SYS_pwrite64, file, from, bytes / 2, offset);
    errno = faults.error;
    return -1;
  }
  const auto start = static_cast<std::uint64_t>(offset);
  faults.written_from = std::min(faults.written_from, start);
  faults.written_to = std::max(faults.written_to, start + bytes);
  return syscall(SYS_pwrite64, file, from, bytes, offset);
}

int fdatasync(int file) { return fails() ? -1 : static_cast<int>(syscall(SYS_fdatasync, file)); }

int fsync(int file) { return fails() ? -1 : static_cast<int>(syscall(SYS_fsync, file)); }

int fchmod(int file, mode_t mode) noexcept {
  return fails() ? -1 : static_cast<int>(syscall(SYS_fchmod, file, mode));
}

int rename(const char* from, const char* to) noexcept {
  return fails() ? -1 : static_cast<int>(syscall(SYS_rename, from, to));
}
}

namespace tapdeck::storage {
namespace {

class LedgerFaults : public ::testing::Test {
 protected:
  LedgerFaults() { faults = {}; }

  ~LedgerFaults() override { faults = {}; }

  // The `count`-th call from now on fails; 0 is the next one.
  static void fail_after(int count, int error = EIO) {
    faults = {};
    faults.fail_at = count;
    faults.error = error;
  }

  LedgerDirectory directory_;
};

constexpr int kWrite = 0;
constexpr int kSync = 1;

TEST_F(LedgerFaults, AfterAFailedSyncNothingIsTakenUntilItIsOpenedAgain) {
  for (const int call : {kWrite, kSync}) {
    const std::uint64_t before = directory_.open()->next_sequence();
    {
      const auto ledger = directory_.open();
      ASSERT_NE(ledger, nullptr);
      ASSERT_TRUE(ledger->append(numbered_group(before, 2)));
      fail_after(call);
      const auto failed = ledger->append(numbered_group(before + 2, 2));
      ASSERT_FALSE(failed);
      EXPECT_EQ(failed.error().code, ErrorCode::kIo);
      EXPECT_EQ(failed.error().system_errno, EIO);
      EXPECT_NE(failed.error().message.find("opened again"), std::string::npos);
      // The disk is well again, but what it has is not known.
      for (int again = 0; again < 2; ++again) {
        const auto refused = ledger->append(numbered_group(before + 2, 2));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().message, failed.error().message);
      }
      std::vector<Replayed> all;
      EXPECT_EQ(replay_to(*ledger, all).error().message, failed.error().message);
      EXPECT_EQ(ledger->next_sequence(), before + 2) << "nothing of it was acknowledged";
      EXPECT_FALSE(ledger->close());
    }
    const auto ledger = directory_.open();
    ASSERT_NE(ledger, nullptr);
    const auto all = replay_all(*ledger);
    EXPECT_GE(all.size(), before + 2);
    expect_numbered(all);
    ASSERT_EQ(*ledger->append(numbered_group(all.size(), 1)), all.size());
  }
}

// What a failed sync left is in memory, marked as written, and perhaps nowhere else.
TEST_F(LedgerFaults, WhatWasNotAcknowledgedIsWrittenAgainBeforeItIsBuiltUpon) {
  std::uint64_t group_at = 0;
  {
    const auto ledger = directory_.open();
    ASSERT_TRUE(ledger->append(numbered_group(0, 3)));
    group_at = std::filesystem::file_size(directory_.file());
    fail_after(kSync);
    ASSERT_FALSE(ledger->append(numbered_group(3, 2)));
  }
  const std::uint64_t end = std::filesystem::file_size(directory_.file());
  ASSERT_GT(end, group_at);
  faults = {};
  const auto ledger = directory_.open();
  ASSERT_NE(ledger, nullptr);
  EXPECT_EQ(faults.written_from, group_at);
  EXPECT_EQ(faults.written_to, end);
  EXPECT_EQ(replay_all(*ledger).size(), 5U);
}

TEST_F(LedgerFaults, AWriteThatIsCutShortLeavesATornTail) {
  std::uint64_t group_at = 0;
  {
    const auto ledger = directory_.open();
    ASSERT_TRUE(ledger->append(numbered_group(0, 3)));
    group_at = std::filesystem::file_size(directory_.file());
    fail_after(kWrite, ENOSPC);
    faults.write_half = true;
    const auto failed = ledger->append(numbered_group(3, 3));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kResources) << "a full disk is told apart";
  }
  faults = {};
  const std::uint64_t size = std::filesystem::file_size(directory_.file());
  ASSERT_GT(size, group_at);
  const auto ledger = directory_.open();
  ASSERT_NE(ledger, nullptr);
  const auto all = replay_all(*ledger);
  EXPECT_GE(all.size(), 3U);
  EXPECT_LT(all.size(), 6U);
  EXPECT_GT(ledger->figures().torn_bytes_dropped, 0U);
  expect_numbered(all);
}

// Opens, appends with new files in between, closes; the entries that were acknowledged.
std::uint64_t live(const LedgerDirectory& directory) {
  auto opened = Ledger::open(directory.path(), directory.options(700));
  if (!opened) return 0;
  std::uint64_t acknowledged = (*opened)->next_sequence();
  for (int group = 0; group < 6; ++group) {
    if (!(*opened)->append(numbered_group(acknowledged, 2))) break;
    acknowledged += 2;
  }
  (void)(*opened)->close();
  return acknowledged;
}

TEST_F(LedgerFaults, EachStepMayFailAndLosesNothingThatWasAcknowledged) {
  faults = {};
  {
    const LedgerDirectory measured;
    live(measured);
    live(measured);
  }
  const int steps = faults.calls;
  ASSERT_GT(steps, 30);
  for (const int error : {EIO, ENOSPC}) {
    for (int step = 0; step < steps; ++step) {
      SCOPED_TRACE(step);
      const LedgerDirectory directory;
      fail_after(step, error);
      faults.write_half = step % 2 == 0;
      std::uint64_t acknowledged = live(directory);
      acknowledged = std::max(acknowledged, live(directory));
      faults = {};
      const auto ledger = directory.open(700);
      ASSERT_NE(ledger, nullptr);
      const auto all = replay_all(*ledger);
      ASSERT_GE(all.size(), acknowledged);
      expect_numbered(all);
      ASSERT_TRUE(ledger->append(numbered_group(all.size(), 1)));
    }
  }
}

}  // namespace
}  // namespace tapdeck::storage
