#include "storage/ledger.h"

#include <atomic>
#include <thread>

#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};

  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST(Ledger, EntriesComeBackInOrderAfterReopening) {
  const LedgerDirectory directory;
  {
    const auto ledger = directory.open();
    ASSERT_NE(ledger, nullptr);
    EXPECT_TRUE(replay_all(*ledger).empty());
    EXPECT_EQ(*ledger->append(numbered_group(0, 1)), 0U);
    EXPECT_EQ(*ledger->append(numbered_group(1, 5)), 1U);
    expect_numbered(replay_all(*ledger));
  }
  EXPECT_EQ(mode_of(directory.file()), 0400U);
  const auto ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  EXPECT_EQ(mode_of(directory.file()), 0600U);
  EXPECT_EQ(*ledger->append(numbered_group(6, 2)), 6U);
  const auto all = replay_all(*ledger);
  EXPECT_EQ(all.size(), 8U);
  expect_numbered(all);
  EXPECT_EQ(all[3].header.group, 1U);
  EXPECT_EQ(ledger->next_sequence(), 8U);
  EXPECT_EQ(ledger->figures().entries, 8U);
  EXPECT_EQ(ledger->figures().groups, 1U);
  EXPECT_EQ(ledger->figures().torn_bytes_dropped, 0U);
}

// What a full disk leaves possible; nothing of it stays when the ledger is closed.
TEST(Ledger, RoomForEntriesToComeIsTakenAhead) {
  const LedgerDirectory directory;
  const auto allocated = [&] {
    struct stat status {};

    EXPECT_EQ(::stat(directory.file().c_str(), &status), 0);
    EXPECT_LT(status.st_size, 100'000);
    return status.st_blocks * 512;
  };
  for (std::uint64_t i = 0; i < 2; ++i) {
    const auto ledger = directory.open();
    ASSERT_NE(ledger, nullptr);
    EXPECT_GE(allocated(), 1 << 20);
    ASSERT_TRUE(ledger->append(numbered_group(i, 1)));
    EXPECT_GE(allocated(), 1 << 20);
    ASSERT_TRUE(ledger->close());
    EXPECT_LT(allocated(), 100'000);
  }
}

TEST(Ledger, ReplayBeginsAnywhereAndEndsWhenToldTo) {
  const LedgerDirectory directory;
  const auto ledger = directory.open(1'000);
  ASSERT_NE(ledger, nullptr);
  for (std::uint64_t i = 0; i < 30; ++i) ASSERT_TRUE(ledger->append(numbered_group(i, 1)));
  EXPECT_GT(ledger->figures().files, 3U);
  for (std::uint64_t from = 0; from <= 30; ++from) {
    std::vector<Replayed> rest;
    ASSERT_TRUE(replay_to(*ledger, rest, from));
    ASSERT_EQ(rest.size(), 30 - from);
    if (!rest.empty()) {
      EXPECT_EQ(rest.front().header.sequence, from);
    }
  }
  EXPECT_EQ(ledger->replay(31, nullptr).error().code, ErrorCode::kInvalidArgument);
  std::uint64_t seen = 0;
  ASSERT_TRUE(ledger->replay(3, [&](const LedgerRecord&) -> Result<bool> { return ++seen < 4; }));
  EXPECT_EQ(seen, 4U);
  const auto failed = ledger->replay(0, [](const LedgerRecord&) -> Result<bool> {
    return make_error(ErrorCode::kResources, "enough");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "enough");
}

TEST(Ledger, FilesAreFilledOneBehindTheOther) {
  const LedgerDirectory directory;
  constexpr std::uint64_t kFileBytes = 4'000;
  {
    const auto ledger = directory.open(kFileBytes);
    ASSERT_NE(ledger, nullptr);
    for (std::uint64_t i = 0; i < 90; i += 3) ASSERT_TRUE(ledger->append(numbered_group(i, 3)));
    EXPECT_EQ(mode_of(directory.file(0)), 0400U) << "it will not change any more";
  }
  std::uint32_t files = 0;
  for (; std::filesystem::exists(directory.file(files)); ++files) {
    EXPECT_LE(std::filesystem::file_size(directory.file(files)), kFileBytes);
  }
  EXPECT_GT(files, 3U);
  const auto ledger = directory.open(kFileBytes);
  ASSERT_NE(ledger, nullptr);
  EXPECT_EQ(ledger->figures().files, files);
  ASSERT_TRUE(ledger->append(numbered_group(90, 40))) << "a group that is larger than a file";
  ASSERT_TRUE(ledger->append(numbered_group(130, 1)));
  const auto all = replay_all(*ledger);
  EXPECT_EQ(all.size(), 131U);
  expect_numbered(all);
}

TEST(Ledger, EachTypeOfContentIsKeptUnderTheKeyItGoesWith) {
  const LedgerDirectory directory;
  const Uid uid = testing::ledger_uid(1);
  const auto key = directory.keys().allocate(uid, SegmentKind::kSip);
  ASSERT_TRUE(key);
  const auto ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  std::vector<LedgerEntry> group;
  for (const LedgerContent& content : testing::sample_contents()) {
    const Uid subject = testing::sample_subject(content);
    const bool of_call = !subject.is_nil() && goes_with_call(type_of(content));
    group.push_back({subject, testing::kLedgerTimeUs, of_call ? key->id : kNoKey, content});
  }
  group.push_back({uid, testing::kLedgerTimeUs, key->id, Access{{}, AccessKind::kShow, "media"}});
  ASSERT_TRUE(ledger->append(group));
  const auto before = replay_all(*ledger);
  ASSERT_EQ(before.size(), group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    EXPECT_EQ(before[i].content, encode_ledger_content(group[i].content));
    EXPECT_EQ(before[i].header.uid, group[i].uid);
  }
  ASSERT_TRUE(directory.keys().destroy(key->id, uid));
  const auto after = replay_all(*ledger);
  ASSERT_EQ(after.size(), group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    const bool gone = group[i].key_id != kNoKey;
    EXPECT_EQ(after[i].state, gone ? LedgerContentState::kKeyGone : LedgerContentState::kReadable);
    EXPECT_EQ(after[i].content.empty(), gone);
    EXPECT_EQ(encode_ledger_leaf(after[i].header), encode_ledger_leaf(before[i].header));
  }
  EXPECT_EQ(ledger->append({&group.back(), 1}).error().code, ErrorCode::kNotFound);
}

TEST(Ledger, WhatReadersWouldRefuseIsNotWritten) {
  const LedgerDirectory directory;
  const Uid uid = testing::ledger_uid(1);
  const auto key = directory.keys().allocate(uid, SegmentKind::kSip);
  const auto ledger = directory.open();
  ASSERT_TRUE(key && ledger != nullptr);
  const Annotation note{{}, {{"agent", "anna"}}};
  Annotation large;
  for (int i = 0; i < 40; ++i) {
    large.values.emplace_back("k" + std::to_string(100 + i), std::string(4'000, 'x'));
  }
  const std::vector<LedgerEntry> refused = {
      {{}, 0, kNoKey, Hold{}},                         // no matter
      {uid, 0, kNoKey, Expiry{"c", kPartSip, {uid}}},  // about no one call
      {{}, 0, kNoKey, Erasure{{}, "", kPartSip}},      // about a call
      {uid, 0, kNoKey, note},                          // under the call's key only
      {uid, 0, key->id, Erasure{{}, "", kPartSip}},    // under the store's key only
      {{}, 0, key->id, Access{{}, AccessKind::kSearch, "x"}},
      {uid, 0, key->id, large},
  };
  for (std::size_t i = 0; i < refused.size(); ++i) {
    const std::vector<LedgerEntry> group = {numbered_entry(0), refused[i]};
    const auto appended = ledger->append(group);
    ASSERT_FALSE(appended) << i;
    EXPECT_EQ(appended.error().code, ErrorCode::kInvalidArgument) << i;
    EXPECT_NE(appended.error().message.find("Entry 1 "), std::string::npos);
  }
  EXPECT_EQ(ledger->append({}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ledger->append(std::vector<LedgerEntry>{{testing::ledger_uid(2), 0, key->id, note}})
                .error()
                .code,
            ErrorCode::kNotFound)
      << "another call's key";
  const LedgerEntry largest{{}, 0, kNoKey, Access{{}, AccessKind::kShow, std::string(4'096, 'x')}};
  EXPECT_FALSE(ledger->append(std::vector<LedgerEntry>(4'000, largest)))
      << "the group is too large";
  EXPECT_EQ(*ledger->append(numbered_group(0, 1)), 0U) << "nothing of these was written";
  EXPECT_EQ(replay_all(*ledger).size(), 1U);
}

TEST(Ledger, ClosedItTakesNothing) {
  const LedgerDirectory directory;
  const auto ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  ASSERT_TRUE(ledger->append(numbered_group(0, 2)));
  ASSERT_TRUE(ledger->close());
  ASSERT_TRUE(ledger->close());
  EXPECT_EQ(ledger->append(numbered_group(2, 1)).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(replay_all(*ledger).size(), 2U);
}

TEST(Ledger, AFileThatIsMissingOrAnothersIsNamed) {
  const LedgerDirectory directory;
  const LedgerDirectory other;
  for (const LedgerDirectory* each : {&directory, &other}) {
    const auto ledger = each->open(500);
    ASSERT_NE(ledger, nullptr);
    for (std::uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(ledger->append(numbered_group(i, 1)));
  }
  const auto error_at_opening = [&] {
    const auto ledger = Ledger::open(directory.path(), directory.options(500));
    return ledger ? std::string() : ledger.error().message;
  };
  const auto kept = bytes_of_file(directory.file(1));
  std::filesystem::remove(directory.file(1));
  EXPECT_NE(error_at_opening().find(directory.file(1) + " is missing"), std::string::npos);
  put_file(directory.file(1), bytes_of_file(other.file(1)), 0400);
  EXPECT_NE(error_at_opening().find(directory.file(1) + ":0: "), std::string::npos);
  put_file(directory.file(1), bytes_of_file(directory.file(2)), 0400);
  EXPECT_NE(error_at_opening().find(directory.file(1) + ":0: "), std::string::npos);
  put_file(directory.file(1), kept, 0400);
  EXPECT_EQ(error_at_opening(), "");
}

TEST(Ledger, AnotherMasterKeyReadsNothingOfTheStores) {
  const LedgerDirectory directory;
  {
    const auto ledger = directory.open();
    ASSERT_TRUE(ledger->append(numbered_group(0, 1)));
  }
  LedgerOptions options = directory.options();
  options.master.bytes[0] ^= 1;
  const auto ledger = Ledger::open(directory.path(), options);
  ASSERT_TRUE(ledger);
  EXPECT_EQ(replay_all(**ledger).at(0).state, LedgerContentState::kStoreDamaged);
}

// A file that version 1 wrote stays readable.
TEST(Ledger, ReadsAFileOfVersion1) {
  const LedgerDirectory directory;
  std::filesystem::create_directory(directory.path());
  put_file(
      directory.file(), bytes_of_file(TAPDECK_SOURCE_ROOT "/tests/data/ledger_v1.ledger"), 0400);
  const auto ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  const auto all = replay_all(*ledger);
  EXPECT_EQ(all.size(), 6U);
  expect_numbered(all);
}

// Readers see what was acknowledged before they began, whole, while entries are appended.
TEST(Ledger, IsReadWhileItIsWritten) {
  const LedgerDirectory directory;
  const auto ledger = directory.open(20'000);
  ASSERT_NE(ledger, nullptr);
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const std::uint64_t before = acknowledged;
        std::vector<Replayed> all;
        ASSERT_TRUE(replay_to(*ledger, all));
        ASSERT_GE(all.size(), before);
        expect_numbered(all);
      }
    });
  }
  for (std::uint64_t i = 0; i < 600; i += 3) {
    ASSERT_TRUE(ledger->append(numbered_group(i, 3)));
    acknowledged = i + 3;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(ledger->figures().files, 2U);
}

}  // namespace
}  // namespace tapdeck::storage
