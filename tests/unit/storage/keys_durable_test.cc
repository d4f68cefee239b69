// Keys on a disk that refuses: what is called destroyed is gone from the disk, whatever failed
// before, and no other key goes with it.
#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

#include "storage/keys.h"
#include "tests/unit/storage/refusing_disk.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

class KeysDurable : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void TearDown() override { disk_.stop(); }

  void open() {
    vault_.reset();
    auto vault = KeyVault::open(directory_.path(), MasterKey());
    ASSERT_TRUE(vault) << vault.error().message;
    vault_ = std::move(*vault);
  }

  std::uint32_t allocate(std::uint8_t number) {
    const auto key = vault_->allocate(test_uid(number), SegmentKind::kMedia);
    EXPECT_TRUE(key);
    return key ? key->id : kNoKey;
  }

  bool sync() {
    const auto files = vault_->take_unsynced_files();
    if (!files) return false;
    bool all = true;
    for (const int file : *files) {
      if (fdatasync(file) == 0) continue;
      vault_->mark_unsynced(file);
      all = false;
    }
    return all;
  }

  // From here on `disk_` knows what is durable.
  void watch() {
    ASSERT_TRUE(sync());
    disk_.watch(".keys");
  }

  // What the disk has of a slot.
  std::optional<KeySlot> on_disk(std::uint32_t id) {
    const std::vector<std::uint8_t>& file = disk_.durable(path_);
    return decode_key_slot(id, ByteView(file).subspan(id * kKeySlotBytes, kKeySlotBytes));
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/00000000.keys";
  RefusingDisk& disk_ = RefusingDisk::instance();
  std::unique_ptr<KeyVault> vault_;
};

TEST_F(KeysDurable, ASlotThatIsAnothersByNowIsLeftToIt) {
  const std::uint32_t id = allocate(1);
  ASSERT_TRUE(vault_->destroy(id, test_uid(1)));
  std::uint32_t again = kNoKey;
  for (int i = 0; i < 100'000 && again != id; ++i) again = allocate(2);
  ASSERT_EQ(again, id) << "it is never used again";
  EXPECT_TRUE(vault_->destroy(id, test_uid(1))) << "that key is gone";
  EXPECT_TRUE(vault_->read(id, test_uid(2)));
}

TEST_F(KeysDurable, AFailedSyncIsNotMadeGoodByAnotherSync) {
  const std::uint32_t id = allocate(1);
  watch();
  disk_.refuse_sync = 0;
  EXPECT_EQ(vault_->destroy(id, test_uid(1)).error().code, ErrorCode::kIo);
  EXPECT_FALSE(vault_->read(id, test_uid(1)));
  EXPECT_EQ(vault_->figures().destroyed, 0U);
  ASSERT_TRUE(vault_->destroy(id, test_uid(1)));
  EXPECT_EQ(on_disk(id)->state, KeySlotState::kDestroyed);
  EXPECT_EQ(vault_->figures().destroyed, 1U);
}

TEST_F(KeysDurable, NorByAnotherProcess) {
  const std::uint32_t id = allocate(1);
  watch();
  disk_.refuse_sync = 0;
  EXPECT_FALSE(vault_->destroy(id, test_uid(1)));
  open();
  EXPECT_EQ(on_disk(id)->state, KeySlotState::kUsed) << "the test's disk forgives too much";
  ASSERT_TRUE(vault_->destroy(id, test_uid(1)));
  EXPECT_EQ(on_disk(id)->state, KeySlotState::kDestroyed);
}

// It died between its write and its sync.
TEST_F(KeysDurable, OpeningSyncsWhatAnEarlierProcessWrote) {
  allocate(1);
  watch();
  const std::uint32_t later = allocate(2);
  open();
  EXPECT_EQ(on_disk(later)->state, KeySlotState::kUsed);
  disk_.refuse_sync = disk_.syncs;
  vault_.reset();
  const auto refused = KeyVault::open(directory_.path(), MasterKey());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
}

TEST_F(KeysDurable, AFailedWriteLeavesTheKey) {
  const std::uint32_t id = allocate(1);
  watch();
  disk_.refuse_write = 0;
  EXPECT_EQ(vault_->destroy(id, test_uid(1)).error().code, ErrorCode::kIo);
  EXPECT_TRUE(vault_->read(id, test_uid(1)));
  EXPECT_TRUE(vault_->destroy(id, test_uid(1)));
  EXPECT_EQ(on_disk(id)->state, KeySlotState::kDestroyed);
}

// The kernel tells of a failure once: the sync of a fresh key must not succeed for nothing.
TEST_F(KeysDurable, AFailedDestroyTakesNoFreshKeyWithIt) {
  const std::uint32_t old = allocate(1);
  watch();
  const std::uint32_t fresh = allocate(2);
  disk_.refuse_sync = 0;
  EXPECT_FALSE(vault_->destroy(old, test_uid(1)));
  ASSERT_TRUE(sync());
  EXPECT_EQ(on_disk(fresh)->state, KeySlotState::kUsed);
  EXPECT_EQ(on_disk(old)->state, KeySlotState::kDestroyed);
  const std::uint32_t next = allocate(3);
  disk_.refuse_sync = disk_.syncs;
  EXPECT_FALSE(sync());
  disk_.refuse_write = disk_.writes;
  EXPECT_FALSE(vault_->take_unsynced_files()) << "it cannot be written again";
  ASSERT_TRUE(sync());
  EXPECT_EQ(on_disk(next)->state, KeySlotState::kUsed);
}

TEST_F(KeysDurable, ManyGoWithOneSyncAFile) {
  std::vector<KeyOwner> keys;
  for (std::uint32_t i = 0; i < kKeySlotsPerFile + 20; ++i) {
    const std::uint32_t id = allocate(1);
    if (i < 100 || id >= kKeySlotsPerFile) keys.push_back({id, test_uid(1)});
  }
  ASSERT_GT(keys.back().id, kKeySlotsPerFile);
  std::reverse(keys.begin(), keys.end());
  keys.push_back(keys.front());                         // twice is once
  keys.push_back({200, test_uid(2)});                   // another's
  keys.push_back({kKeySlotsPerFile * 7, test_uid(1)});  // in no file
  watch();
  ASSERT_TRUE(vault_->destroy_many(keys));
  EXPECT_EQ(disk_.syncs, 2);
  for (const KeyOwner& key : keys) EXPECT_FALSE(vault_->read(key.id, key.recording));
  EXPECT_TRUE(vault_->read(200, test_uid(1)));
  EXPECT_EQ(vault_->figures().destroyed, 120U);
  EXPECT_TRUE(vault_->faults().empty());
}

TEST_F(KeysDurable, NeighboursGoInOneWriteAndLeaveThoseBetweenThem) {
  std::vector<std::uint32_t> slots;
  for (int i = 0; i < 100; ++i) slots.push_back(allocate(1));
  std::sort(slots.begin(), slots.end());
  ASSERT_EQ(slots.back() - slots.front(), 99U);
  watch();
  std::vector<KeyOwner> keys;
  for (const int i : {0, 3, 16, 60, 61, 99}) keys.push_back({slots[i], test_uid(1)});
  ASSERT_TRUE(vault_->destroy_many(keys));
  EXPECT_EQ(disk_.writes, 3) << "0 to 16, 60 and 61, 99";
  for (const std::uint32_t slot : slots) {
    const bool gone = std::any_of(
        keys.begin(), keys.end(), [slot](const KeyOwner& key) { return key.id == slot; });
    EXPECT_EQ(vault_->read(slot, test_uid(1)).has_value(), !gone);
    EXPECT_EQ(on_disk(slot)->state, gone ? KeySlotState::kDestroyed : KeySlotState::kUsed);
  }
}

// What somebody could put right must go, too.
TEST_F(KeysDurable, ADamagedSlotIsOverwritten) {
  const std::uint32_t id = allocate(1);
  watch();
  const Descriptor file(::open(path_.c_str(), O_RDWR));
  const std::uint8_t flipped = 0xa5;
  ASSERT_EQ(pwrite(file.get(), &flipped, 1, id * kKeySlotBytes + 140), 1);
  EXPECT_EQ(vault_->faults().size(), 1U);
  ASSERT_TRUE(vault_->destroy(id, test_uid(1)));
  EXPECT_EQ(on_disk(id)->state, KeySlotState::kDestroyed);
  EXPECT_TRUE(vault_->faults().empty());
}

}  // namespace
}  // namespace tapdeck::storage
