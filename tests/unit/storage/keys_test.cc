#include "storage/keys.h"

#include <fcntl.h>
#include <set>

#include "storage/extent_shred.h"
#include "storage/files.h"
#include "storage/recovery.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

MasterKey test_master() {
  MasterKey master;
  master.bytes[0] = 7;
  return master;
}

TEST(KeyVault, KeysSurviveReopeningUntilDestroyed) {
  const TemporaryDirectory directory;
  AllocatedKey media;
  AllocatedKey sip;
  {
    auto vault = KeyVault::open(directory.path(), test_master());
    ASSERT_TRUE(vault) << vault.error().message;
    media = *(*vault)->allocate(test_uid(1), SegmentKind::kMedia);
    sip = *(*vault)->allocate(test_uid(1), SegmentKind::kSip);
    EXPECT_NE(media.key.key, sip.key.key);
    EXPECT_EQ((*vault)->take_unsynced_files()->size(), 1U);
    EXPECT_TRUE((*vault)->take_unsynced_files()->empty());
    // Another user's sync may still be under way: this one must make its own.
    EXPECT_EQ((*vault)->take_unsynced_files(1)->size(), 1U);
  }
  auto vault = KeyVault::open(directory.path(), test_master());
  ASSERT_TRUE(vault);
  const auto read = (*vault)->read(media.id, test_uid(1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, media.key.key);
  EXPECT_EQ(read->salt, media.key.salt);
  EXPECT_FALSE((*vault)->read(media.id, test_uid(2))) << "another recording's slot";
  ASSERT_TRUE((*vault)->destroy(media.id, test_uid(1)));
  EXPECT_EQ((*vault)->read(media.id, test_uid(1)).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE((*vault)->read(sip.id, test_uid(1)));
  const auto next = (*vault)->allocate(test_uid(2), SegmentKind::kMedia);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->id, media.id) << "a destroyed slot is used again";
  EXPECT_TRUE((*vault)->faults().empty());
}

TEST(KeyVault, DestroyedKeyLeavesNoTraceInItsFile) {
  const TemporaryDirectory directory;
  auto vault = KeyVault::open(directory.path(), test_master());
  ASSERT_TRUE(vault);
  const auto key = (*vault)->allocate(test_uid(1), SegmentKind::kMedia);
  ASSERT_TRUE(key);
  const std::string path = directory.path() + "/00000000.keys";
  const Descriptor file(::open(path.c_str(), O_RDONLY));
  KeySlotBytes before;
  KeySlotBytes after;
  ASSERT_TRUE(read_fully(file.get(), before, key->id * kKeySlotBytes));
  ASSERT_TRUE((*vault)->destroy(key->id, test_uid(1)));
  ASSERT_TRUE(read_fully(file.get(), after, key->id * kKeySlotBytes));
  // Nonce, tag, wrapped key and the recording it belonged to.
  const auto used = [](const KeySlotBytes& bytes) {
    return std::vector<std::uint8_t>(bytes.begin() + 24, bytes.begin() + 132);
  };
  EXPECT_NE(used(before), used(after));
  EXPECT_EQ(used(after), std::vector<std::uint8_t>(108));
}

// Destroyed slots of an earlier life are found a few at a time, and none is used twice.
TEST(KeyVault, DestroyedSlotsAreFoundAgainAfterOpening) {
  const TemporaryDirectory directory;
  constexpr std::uint32_t kKeys = 200;
  {
    auto vault = KeyVault::open(directory.path(), test_master());
    ASSERT_TRUE(vault);
    for (std::uint32_t i = 0; i < kKeys; ++i) {
      ASSERT_TRUE((*vault)->allocate(test_uid(1), SegmentKind::kMedia));
    }
    for (std::uint32_t id = 0; id < kKeys; id += 2) {
      ASSERT_TRUE((*vault)->destroy(id, test_uid(1)));
    }
  }
  auto vault = KeyVault::open(directory.path(), test_master());
  ASSERT_TRUE(vault);
  EXPECT_EQ((*vault)->figures().slots, kKeys);
  std::set<std::uint32_t> given;
  for (std::uint32_t i = 0; i < kKeys / 2; ++i) {
    const auto key = (*vault)->allocate(test_uid(2), SegmentKind::kMedia);
    ASSERT_TRUE(key);
    EXPECT_TRUE(given.insert(key->id).second);
    EXPECT_TRUE(key->id % 2 == 0 && key->id < kKeys) << key->id << " is in use";
    if (i != 3) continue;
    ASSERT_TRUE((*vault)->destroy(key->id, test_uid(2)));
    given.erase(key->id);
  }
  for (std::uint32_t id = 1; id < kKeys; id += 2) {
    EXPECT_TRUE((*vault)->read(id, test_uid(1))) << id << " was overwritten";
  }
}

// A power cut can lose a page of slots and keep a later one.
TEST(KeyVault, AHoleInTheSlotsCostsNoKey) {
  const TemporaryDirectory directory;
  {
    auto vault = KeyVault::open(directory.path(), test_master());
    for (std::uint32_t i = 0; i < 100; ++i) {
      ASSERT_TRUE((*vault)->allocate(test_uid(1), SegmentKind::kMedia));
    }
  }
  {
    const Descriptor file(::open((directory.path() + "/00000000.keys").c_str(), O_RDWR));
    const std::vector<std::uint8_t> zeros(4096);
    for (const std::uint32_t slot : {16U, 64U}) {  // the search meets slot 64
      ASSERT_TRUE(write_fully(file.get(), zeros, slot * kKeySlotBytes));
    }
  }
  auto vault = KeyVault::open(directory.path(), test_master());
  ASSERT_TRUE(vault);
  for (std::uint32_t i = 0; i < 150; ++i) {
    ASSERT_TRUE((*vault)->allocate(test_uid(2), SegmentKind::kMedia));
  }
  for (std::uint32_t id = 0; id < 100; ++id) {
    if (id / 16 == 1 || id / 16 == 4) continue;
    EXPECT_TRUE((*vault)->read(id, test_uid(1))) << id << " was overwritten";
  }
}

TEST(KeyVault, OtherMasterKeyIsRefused) {
  const TemporaryDirectory directory;
  {
    auto vault = KeyVault::open(directory.path(), test_master());
    ASSERT_TRUE((*vault)->allocate(test_uid(1), SegmentKind::kMedia));
  }
  const auto vault = KeyVault::open(directory.path(), MasterKey());
  ASSERT_FALSE(vault);
  EXPECT_EQ(vault.error().code, ErrorCode::kPermission);
}

// Destroying one of a recording's keys makes its media unreadable and leaves its messages.
TEST(Store, DestroyedKeyMakesMediaUnreadable) {
  const TemporaryDirectory directory;
  {
    auto store = open_store(test_options(directory.path()));
    ASSERT_NE(store, nullptr);
    append(store->writer(), *make_chunk({}));
    append(store->writer(), *make_chunk({.recording = 2}));
  }
  {
    auto master = load_master_key(directory.path() + "/keys/master.key", MissingMasterKey::kRefuse);
    ASSERT_TRUE(master);
    auto vault = KeyVault::open(directory.path() + "/keys", *master);
    ASSERT_TRUE(vault);
    std::uint32_t id = 0;
    while (!(*vault)->read(id, test_uid(1))) ++id;
    ASSERT_TRUE((*vault)->destroy(id, test_uid(1)));
  }
  auto store = open_store(test_options(directory.path()));
  ASSERT_NE(store, nullptr);
  const auto gone = read_sections(*store->reader(), test_uid(1));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(2))->size(), 1U);
  EXPECT_TRUE(store->reader()->check()->empty()) << "a destroyed key is no fault";
}

TEST(ExtentShred, KeepsHeaderAndLeafAndNothingElse) {
  const TemporaryDirectory directory;
  const StoreOptions options = test_options(directory.path());
  {
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    for (std::uint32_t i = 0; i < 3; ++i) append(store->writer(), *make_chunk({.sequence = i}));
  }
  const std::string path = segment_files(directory.path()).at(0);
  const std::uint64_t offset = 4096 + 16384;
  std::vector<std::uint8_t> before(16384);
  std::vector<std::uint8_t> after(16384);
  {
    const Descriptor file(::open(path.c_str(), O_RDWR));
    ASSERT_TRUE(read_fully(file.get(), before, offset));
    auto master = load_master_key(directory.path() + "/keys/master.key", MissingMasterKey::kRefuse);
    auto vault = KeyVault::open(directory.path() + "/keys", *master);
    const auto header = decode_extent_header(before);
    ASSERT_TRUE(header);
    const auto key = (*vault)->read(header->key_id, test_uid(1));
    ASSERT_TRUE(key);
    ExtentCodec codec;
    const auto shred = [&](std::uint64_t at, const MediaSpan& span) {
      auto segment = SegmentShred::open(path);
      const auto added = segment->add(at, *key, span, codec);
      EXPECT_TRUE(segment->carry_out());
      return added;
    };
    EXPECT_EQ(shred(offset, {.video_only = true}).value_or(true), false);
    EXPECT_EQ(shred(offset, {}).value_or(false), true);
    EXPECT_EQ(shred(offset, {}).value_or(true), false) << "twice is once";
    const ByteView rest = ByteView(before).subspan(4096);
    ASSERT_TRUE(write_fully(file.get(), rest, offset + 4096));  // as if it had been interrupted
    EXPECT_EQ(shred(offset, {.to_us = 0}).value_or(false), true) << "whatever the stretch is";
    EXPECT_FALSE(shred(offset + 4096, {}));
    ASSERT_TRUE(read_fully(file.get(), after, offset));
    const auto chunk = make_chunk({.sequence = 1});
    const ByteView section = chunk->section_view();
    const Hash leaf = codec.leaf(*key, {&section, 1});
    EXPECT_EQ(0, memcmp(after.data() + kExtentHeaderBytes, leaf.data(), leaf.size()));
  }
  EXPECT_EQ(std::vector<std::uint8_t>(after.begin() + 160, after.end()),
            std::vector<std::uint8_t>(16384 - 160));
  auto store = open_store(options);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read_sections(*store->reader(), test_uid(1))->size(), 2U);
  const auto faults = store->reader()->check();
  EXPECT_TRUE(faults->empty()) << faults->front().where << " " << faults->front().what;
}

}  // namespace
}  // namespace tapdeck::storage
