// The list of slots that no row names yet: on the disk before any of them is used, and complete.
#include <algorithm>

#include "storage/files.h"
#include "storage/keys.h"
#include "tests/unit/storage/refusing_disk.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

TEST(KeyList, DamageIsFoundWhereverItIs) {
  const std::vector<std::uint32_t> slots{0, 5, 70'000, 0xffff'fff0U};
  const std::vector<std::uint8_t> bytes = encode_key_list(slots);
  EXPECT_EQ(decode_key_list(bytes), slots);
  EXPECT_EQ(decode_key_list(encode_key_list({})), std::vector<std::uint32_t>());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::vector<std::uint8_t> damaged = bytes;
    damaged[at] ^= 4;
    EXPECT_FALSE(decode_key_list(damaged)) << at;
    EXPECT_FALSE(decode_key_list(ByteView(bytes).first(at))) << at;
  }
  const std::vector<std::uint32_t> twice{7, 7};
  EXPECT_FALSE(decode_key_list(encode_key_list(twice)));
}

class KeysListed : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void TearDown() override { RefusingDisk::instance().stop(); }

  void open() {
    vault_.reset();
    auto vault = KeyVault::open(directory_.path(), MasterKey());
    ASSERT_TRUE(vault) << vault.error().message;
    vault_ = std::move(*vault);
  }

  std::vector<KeyOwner> allocate(std::size_t count) {
    std::vector<KeyOwner> keys;
    for (std::size_t i = 0; i < count; ++i) {
      const Uid uid = test_uid(static_cast<std::uint8_t>(i % 200));
      const auto key = vault_->allocate(uid, SegmentKind::kMedia);
      EXPECT_TRUE(key);
      if (key) keys.push_back({key->id, uid});
    }
    return keys;
  }

  std::vector<std::uint32_t> listed() {
    const auto slots = decode_key_list(whole_file(path_));
    EXPECT_TRUE(slots);
    return slots.value_or(std::vector<std::uint32_t>());
  }

  static std::vector<std::uint32_t> ids_of(std::span<const KeyOwner> keys) {
    std::vector<std::uint32_t> ids;
    for (const KeyOwner& key : keys) ids.push_back(key.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  std::vector<std::uint32_t> inherited() {
    std::vector<std::uint32_t> ids;
    while (true) {
      const auto used = vault_->next_inherited();
      if (used.empty()) return ids;
      for (const KeySlot& slot : used) ids.push_back(slot.id);
    }
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/unsettled.list";
  std::unique_ptr<KeyVault> vault_;
};

TEST_F(KeysListed, NoSlotIsUsedBeforeTheListNamesIt) {
  RefusingDisk& disk = RefusingDisk::instance();
  disk.watch("unsettled.list.new");
  disk.refuse_write = 0;
  disk.refuse_on = true;
  EXPECT_FALSE(vault_->allocate(test_uid(1), SegmentKind::kMedia));
  const auto slots = whole_file(directory_.path() + "/00000000.keys");
  ASSERT_GE(slots.size(), 4'096U);
  EXPECT_TRUE(std::all_of(slots.begin(), slots.begin() + 4'096, [](auto b) { return b == 0; }));
  disk.stop();
  const auto keys = allocate(1);
  EXPECT_EQ(keys.at(0).id, 0U) << "what could not be listed is lost";
  EXPECT_EQ(listed().at(0), 0U);
}

TEST_F(KeysListed, ItNamesEveryKeyThatNoRowNames) {
  const auto keys = allocate(5'000);
  auto on_disk = listed();
  auto ids = ids_of(keys);
  EXPECT_TRUE(std::includes(on_disk.begin(), on_disk.end(), ids.begin(), ids.end()));
  vault_->settle(std::span(keys).first(4'990));
  ASSERT_TRUE(vault_->destroy(keys[4'995].id, keys[4'995].recording));
  auto more = allocate(1'300);
  ASSERT_TRUE(vault_->list_ahead());
  for (const std::size_t i : {4'990, 4'991, 4'992, 4'993, 4'994, 4'996, 4'997, 4'998, 4'999}) {
    more.push_back(keys[i]);
  }
  ids = ids_of(more);
  on_disk = listed();
  EXPECT_TRUE(std::includes(on_disk.begin(), on_disk.end(), ids.begin(), ids.end()));
  EXPECT_LT(on_disk.size(), 8'000U) << "settled ones are still in it";
  EXPECT_EQ(vault_->unsettled_of(keys[4'999].recording).back().kind, SegmentKind::kMedia);
  ASSERT_TRUE(vault_->close_list());
  EXPECT_EQ(listed(), ids);
  allocate(1);
  EXPECT_GT(listed().size(), ids.size());
}

TEST_F(KeysListed, TheNextLifeInheritsIt) {
  const auto keys = allocate(300);
  ASSERT_TRUE(vault_->destroy(keys[7].id, keys[7].recording));
  vault_->settle(std::span(keys).first(100));  // not written yet: looked at once more
  auto ids = ids_of(keys);
  ids.erase(ids.begin() + 7);
  open();
  EXPECT_EQ(inherited(), ids);
  ASSERT_TRUE(vault_->finish_inherited());
  open();
  EXPECT_EQ(inherited(), ids) << "nothing was allocated since: the list is as it was";
  ASSERT_TRUE(vault_->finish_inherited());
  ASSERT_TRUE(vault_->close_list());
  open();
  EXPECT_TRUE(inherited().empty());
}

TEST_F(KeysListed, WithoutAListAllSlotsAreLookedAtOnce) {
  const auto ids = ids_of(allocate(300));
  for (const bool damaged : {false, true}) {
    vault_.reset();
    std::filesystem::remove(path_);
    if (damaged) {
      ASSERT_TRUE(write_file_durably(path_, as_bytes("no list"), 0600));
    }
    open();
    EXPECT_EQ(inherited(), ids);
    open();
    EXPECT_EQ(inherited(), ids) << "it was not finished";
    ASSERT_TRUE(vault_->finish_inherited());
    open();
    EXPECT_TRUE(inherited().empty());
  }
}

// A slot that goes while it is in the list may be used at once; one that is not must wait for it.
TEST_F(KeysListed, DestroyedSlotsAreUsedAgainWhenListed) {
  const auto first = allocate(1);
  ASSERT_TRUE(vault_->destroy(first[0].id, first[0].recording));
  EXPECT_EQ(allocate(1)[0].id, first[0].id);
  const auto rest = allocate(4'096);
  vault_->settle(first);
  vault_->settle(rest);
  allocate(2'500);
  ASSERT_TRUE(vault_->list_ahead());
  const auto on_disk = listed();
  ASSERT_FALSE(std::binary_search(on_disk.begin(), on_disk.end(), rest[50].id));
  ASSERT_TRUE(vault_->destroy(rest[50].id, rest[50].recording));
  for (const KeyOwner& key : allocate(1'000)) {
    EXPECT_TRUE(std::binary_search(on_disk.begin(), on_disk.end(), key.id)) << key.id;
  }
}

}  // namespace
}  // namespace tapdeck::storage
