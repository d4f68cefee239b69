// The journal holds what its files hold: after each commit, after it is opened again, after a write
// that the disk refused; and what it has no room for is in neither.
#include "storage/journal.h"

#include <thread>

#include "tests/unit/storage/ledger_fixture.h"
#include "tests/unit/storage/refusing_disk.h"

namespace tapdeck::storage {
namespace {

using testing::ledger_uid;
using testing::sample_actor;

LedgerEntry hold_of(std::vector<Uid> uids, std::string matter = "M-1") {
  LedgerEntry entry;
  entry.time_us = testing::kLedgerTimeUs;
  entry.content = Hold{sample_actor(), std::move(matter), "claim", std::move(uids), {}, {}};
  return entry;
}

LedgerEntry erasure_of(const Uid& uid) {
  LedgerEntry entry;
  entry.uid = uid;
  entry.time_us = testing::kLedgerTimeUs;
  entry.content = Erasure{sample_actor(), "request", kPartMedia};
  return entry;
}

class JournalTest : public ::testing::Test {
 protected:
  void TearDown() override { RefusingDisk::instance().stop(); }

  void open(const LedgerStateLimits& limits = {}) {
    journal_.reset();
    auto opened = Journal::open(directory_.path(), directory_.options(), limits);
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }

  [[nodiscard]] bool is_held(std::uint32_t number) const {
    return journal_->look(
        [&](const LedgerState& state) { return state.is_held(ledger_uid(number)); });
  }

  [[nodiscard]] RecordingParts erased(std::uint32_t number) const {
    return journal_->look(
        [&](const LedgerState& state) { return state.erased_parts(ledger_uid(number)); });
  }

  [[nodiscard]] std::uint64_t entries_replayed() const {
    std::uint64_t count = 0;
    const auto replayed = journal_->replay(0, [&](const LedgerRecord& record) -> Result<bool> {
      EXPECT_EQ(record.header.sequence, count);
      ++count;
      return true;
    });
    EXPECT_TRUE(replayed) << replayed.error().message;
    return count;
  }

  const LedgerDirectory directory_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, WhatIsCommittedHoldsAtOnceAndAfterOpening) {
  open();
  const std::vector<LedgerEntry> group = {hold_of({ledger_uid(1), ledger_uid(2)}),
                                          erasure_of(ledger_uid(3))};
  EXPECT_EQ(*journal_->commit(group), 0U);
  EXPECT_EQ(*journal_->commit(erasure_of(ledger_uid(4))), 2U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(is_held(1));
    EXPECT_TRUE(is_held(2));
    EXPECT_FALSE(is_held(3));
    EXPECT_EQ(erased(3), kPartMedia);
    EXPECT_EQ(erased(4), kPartMedia);
    EXPECT_EQ(entries_replayed(), 3U);
    EXPECT_EQ(journal_->figures().entries, 3U);
    open();
  }
}

TEST_F(JournalTest, WhatIsRefusedChangesNothing) {
  open();
  ASSERT_TRUE(journal_->commit(hold_of({ledger_uid(1)})));
  std::vector<LedgerEntry> bad = {hold_of({ledger_uid(2)}), hold_of({ledger_uid(3)}, "")};
  const auto refused = journal_->commit(bad);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(is_held(2));
  EXPECT_EQ(entries_replayed(), 1U);
  EXPECT_EQ(*journal_->commit(hold_of({ledger_uid(2)})), 1U);
}

// Each limit, by a group whose entries have room alone.
TEST_F(JournalTest, WhatTheStateHasNoRoomForIsNotWritten) {
  const LedgerStateLimits limits{.held_max = 3,
                                 .orders_max = 2,
                                 .erased_max = 1,
                                 .extended_max = 1,
                                 .annotation_bytes_max = 600};
  LedgerEntry annotation;
  annotation.uid = ledger_uid(1);
  annotation.content = Annotation{sample_actor(), {{"note", std::string(200, 'x')}}};
  LedgerEntry extension;
  extension.content = Extension{sample_actor(), "audit", 1, {}, {}};
  extension.uid = ledger_uid(1);
  LedgerEntry other = extension;
  other.uid = ledger_uid(2);
  const std::vector<std::vector<LedgerEntry>> groups = {
      {hold_of({ledger_uid(1), ledger_uid(2)}), hold_of({ledger_uid(3), ledger_uid(4)})},
      {hold_of({ledger_uid(1)}), hold_of({ledger_uid(1)}), hold_of({ledger_uid(1)}, "M-2")},
      {erasure_of(ledger_uid(1)), erasure_of(ledger_uid(2))},
      {extension, other},
      {annotation, annotation},
  };
  open(limits);
  for (const auto& group : groups) {
    const auto refused = journal_->commit(group);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kResources) << refused.error().message;
  }
  EXPECT_EQ(entries_replayed(), 0U);
  EXPECT_FALSE(is_held(1));
  open(limits);
  ASSERT_TRUE(journal_->commit(groups[2][0]));
  EXPECT_TRUE(journal_->commit(groups[2][0])) << "of the same recording";
  ASSERT_FALSE(journal_->commit(groups[2][1]));
  open(limits);
  EXPECT_EQ(entries_replayed(), 2U);
}

// Whether or not the disk took it, the state is what the files prove.
TEST_F(JournalTest, AfterAFailedSyncTheNextCommitOpensTheFilesAnew) {
  RefusingDisk& disk = RefusingDisk::instance();
  for (const bool write : {false, true}) {
    open();
    const std::uint64_t before = entries_replayed();
    disk.watch(".ledger");
    (write ? disk.refuse_write : disk.refuse_sync) = write ? disk.writes : disk.syncs;
    ASSERT_FALSE(journal_->commit(hold_of({ledger_uid(write ? 5 : 6)})));
    EXPECT_FALSE(is_held(write ? 5 : 6)) << "before it is known to be there";
    EXPECT_FALSE(journal_->replay(0, [](const LedgerRecord&) -> Result<bool> { return true; }));
    disk.stop();
    const auto next = journal_->commit(hold_of({ledger_uid(7)}));
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(entries_replayed(), *next + 1);
    EXPECT_LE(*next, before + 1);
    const bool took_it = is_held(write ? 5 : 6);
    EXPECT_EQ(took_it, *next == before + 1);
    EXPECT_TRUE(is_held(7));
    open();
    EXPECT_EQ(is_held(write ? 5 : 6), took_it);
  }
}

TEST_F(JournalTest, LookersSeeWholeGroupsWhileOthersCommit) {
  open();
  constexpr std::uint32_t kGroups = 40;
  std::thread committing([&] {
    for (std::uint32_t i = 0; i < kGroups; ++i) {
      const std::vector<LedgerEntry> group = {erasure_of(ledger_uid(2 * i)),
                                              erasure_of(ledger_uid(2 * i + 1))};
      EXPECT_TRUE(journal_->commit(group));
    }
  });
  std::size_t seen = 0;
  while (seen < std::size_t{2} * kGroups) {
    const std::size_t now =
        journal_->look([](const LedgerState& state) { return state.erased().size(); });
    EXPECT_GE(now, seen);
    EXPECT_EQ(now % 2, 0U);
    seen = now;
  }
  committing.join();
}

}  // namespace
}  // namespace tapdeck::storage
