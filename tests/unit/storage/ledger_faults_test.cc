// A disk that refuses: each write, sync and rename of a ledger's life fails once, in turn. What was
// acknowledged is there afterwards, what was not is not promised, and nothing passes for written
// because a second sync succeeds. And a power cut behind each of them, after which the disk has
// what was synced and any part of what was not.
#include <cerrno>
#include <cstdio>
#include <random>
#include <set>
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

// What would be there after a power cut: files by inode, names by directory.
struct DurableFile {
  std::vector<std::uint8_t> bytes;
  mode_t mode = 0600;
  // Bytes whose sync failed: the kernel counts them as written, and no later sync writes them.
  std::vector<bool> given_up;
};

struct Disk {
  bool watched = false;
  bool dies = false;  // with the call that fails: the power is off
  bool dead = false;
  std::map<ino_t, DurableFile> files;
  std::map<std::string, std::set<std::string>> names;
};

Disk disk;

bool fails() {
  const bool now = faults.calls++ == faults.fail_at;
  if (now && disk.dies) disk.dead = true;
  if (!now && !disk.dead) return false;
  errno = faults.error;
  return true;
}

enum class Synced : std::uint8_t { kData, kAll };

void note_synced(int file, Synced what) {
  struct stat status {};

  if (!disk.watched || fstat(file, &status) != 0) return;
  const std::string path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file));
  if (S_ISDIR(status.st_mode)) {
    std::set<std::string>& names = disk.names[path];
    names.clear();
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      names.insert(entry.path().filename());
    }
    return;
  }
  DurableFile& durable = disk.files[status.st_ino];
  auto bytes = tapdeck::storage::bytes_of_file(path);
  durable.given_up.resize(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (!durable.given_up[at]) continue;
    bytes[at] = at < durable.bytes.size() ? durable.bytes[at] : std::uint8_t{0};
  }
  durable.bytes = std::move(bytes);
  if (what == Synced::kAll) durable.mode = status.st_mode & 07777;
}

void note_written(int file, std::uint64_t from, std::uint64_t to) {
  struct stat status {};

  if (!disk.watched || fstat(file, &status) != 0) return;
  std::vector<bool>& given_up = disk.files[status.st_ino].given_up;
  given_up.resize(std::max<std::uint64_t>(given_up.size(), to));
  std::fill(given_up.begin() + static_cast<std::ptrdiff_t>(from),
            given_up.begin() + static_cast<std::ptrdiff_t>(to),
            false);
}

// A sync of `file` failed: what it had yet to write is given up.
int give_up(int file) {
  struct stat status {};

  if (!disk.watched || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  const std::string path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file));
  DurableFile& durable = disk.files[status.st_ino];
  const auto bytes = tapdeck::storage::bytes_of_file(path);
  durable.given_up.resize(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at >= durable.bytes.size() || durable.bytes[at] != bytes[at]) durable.given_up[at] = true;
  }
  errno = faults.error;
  return -1;
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
  note_written(file, start, start + bytes);
  return syscall(SYS_pwrite64, file, from, bytes, offset);
}

int fdatasync(int file) {
  if (fails()) return give_up(file);
  note_synced(file, Synced::kData);
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

int fsync(int file) {
  if (fails()) return give_up(file);
  note_synced(file, Synced::kAll);
  return static_cast<int>(syscall(SYS_fsync, file));
}

int ftruncate64(int file, off64_t bytes) noexcept {
  return fails() ? -1 : static_cast<int>(syscall(SYS_ftruncate, file, bytes));
}

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
  LedgerFaults() { put_right(); }

  ~LedgerFaults() override { put_right(); }

  static void put_right() {
    faults = {};
    disk = {};
  }

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

// Three groups fill a file: the second life goes on in a file of the first.
constexpr std::uint64_t kSmallFileBytes = 1'500;

// Opens, appends with new files in between, closes; the entries that were acknowledged.
std::uint64_t live(const LedgerDirectory& directory) {
  auto opened = Ledger::open(directory.path(), directory.options(kSmallFileBytes));
  if (!opened) return 0;
  std::uint64_t acknowledged = (*opened)->next_sequence();
  for (int group = 0; group < 5; ++group) {
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
      const auto ledger = directory.open(kSmallFileBytes);
      ASSERT_NE(ledger, nullptr);
      const auto all = replay_all(*ledger);
      ASSERT_GE(all.size(), acknowledged);
      expect_numbered(all);
      ASSERT_TRUE(ledger->append(numbered_group(all.size(), 1)));
    }
  }
}

using Random = std::mt19937;

bool coin(Random& random) { return random() % 2 == 0; }

// What a file has of its unsynced bytes: any sectors of them, up to any length.
std::vector<std::uint8_t> after_power_cut(const std::vector<std::uint8_t>& durable,
                                          const std::vector<std::uint8_t>& current,
                                          Random& random) {
  constexpr std::size_t kSector = 512;
  const std::size_t least = std::min(durable.size(), current.size());
  const std::size_t most = std::max(durable.size(), current.size());
  std::vector<std::uint8_t> bytes(durable);
  bytes.resize(coin(random) ? current.size() : least + random() % (most - least + 1));
  bool taken = false;
  for (std::size_t at = 0; at < std::min(bytes.size(), current.size()); ++at) {
    if (at % kSector == 0) taken = coin(random);
    if (taken) bytes[at] = current[at];
  }
  return bytes;
}

// Names that no sync of the directory covers may be there or not; modes are old or new.
void cut_power(const LedgerDirectory& directory, Random& random) {
  disk.watched = false;
  disk.dead = false;
  faults = {};
  const std::set<std::string> names = disk.names[directory.path()];
  std::vector<std::string> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path(), ignored)) {
    paths.push_back(entry.path());
  }
  for (const std::string& path : paths) {
    if (!names.contains(std::filesystem::path(path).filename()) && coin(random)) {
      std::filesystem::remove(path);
      continue;
    }

    struct stat status {};

    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    const DurableFile& durable = disk.files[status.st_ino];
    auto current = bytes_of_file(path);
    for (std::size_t at = 0; at < std::min(current.size(), durable.given_up.size()); ++at) {
      if (!durable.given_up[at]) continue;
      current[at] = at < durable.bytes.size() ? durable.bytes[at] : std::uint8_t{0};
    }
    const auto bytes = after_power_cut(durable.bytes, current, random);
    put_file(path, bytes, coin(random) ? durable.mode : status.st_mode & 07777);
  }
}

class LedgerPowerCuts : public LedgerFaults {
 protected:
  LedgerPowerCuts() {
    const LedgerDirectory measured;
    live(measured);
    live(measured);
    steps_ = faults.calls;
  }

  void fail_next_at(int step) {
    faults = {};
    faults.fail_at = step;
    faults.write_half = coin(random_);
  }

  void expect_whole(const LedgerDirectory& directory, std::uint64_t acknowledged) {
    cut_power(directory, random_);
    const auto ledger = directory.open(kSmallFileBytes);
    ASSERT_NE(ledger, nullptr);
    const auto all = replay_all(*ledger);
    ASSERT_GE(all.size(), acknowledged);
    expect_numbered(all);
    ASSERT_TRUE(ledger->append(numbered_group(all.size(), 1)));
  }

  int steps_ = 0;
  Random random_{1};
};

constexpr int kStormRounds = 6;

TEST_F(LedgerPowerCuts, BehindAnyStepLoseNothingThatWasAcknowledged) {
  for (int step = 0; step < steps_ * kStormRounds; ++step) {
    SCOPED_TRACE(step);
    const LedgerDirectory directory;
    put_right();
    fail_next_at(step % steps_);
    disk.watched = true;
    disk.dies = true;
    const std::uint64_t acknowledged = live(directory);
    expect_whole(directory, std::max(acknowledged, live(directory)));
  }
}

// What a ledger shows after it was opened again it has, even if it was never acknowledged before.
TEST_F(LedgerPowerCuts, AfterAFailureLoseNothingThatWasSeenSince) {
  for (int step = 0; step < steps_ * kStormRounds; ++step) {
    SCOPED_TRACE(step);
    const LedgerDirectory directory;
    put_right();
    fail_next_at(step % steps_);
    disk.watched = true;
    const std::uint64_t acknowledged = live(directory);
    fail_next_at(static_cast<int>(random_() % 12));
    disk.dies = true;
    expect_whole(directory, std::max(acknowledged, live(directory)));
  }
}

}  // namespace
}  // namespace tapdeck::storage
