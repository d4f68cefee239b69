#include "storage/ledger_scan.h"

#include <sys/mman.h>

#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

struct Made {
  std::uint64_t sequence = 0;
  std::uint64_t group = 0;
  std::uint32_t content_bytes = 0;
};

// A file of the ledger in memory, with entries of any sequence and group.
class MadeFile {
 public:
  explicit MadeFile(const std::vector<Made>& entries)
      : file_(memfd_create("ledger", MFD_CLOEXEC)), bytes_(kLedgerFileHeaderBytes) {
    for (const Made& made : entries) {
      starts_.push_back(bytes_.size());
      LedgerEntryHeader header;
      header.sequence = made.sequence;
      header.group = made.group;
      header.content_bytes = made.content_bytes;
      bytes_.resize(bytes_.size() + ledger_entry_bytes(made.content_bytes));
      const auto entry = MutableByteView(bytes_).subspan(starts_.back());
      encode_ledger_entry_header(header, entry.first<kLedgerEntryHeaderBytes>());
      finish_ledger_entry(entry, {});
    }
    EXPECT_TRUE(write_fully(file_.get(), bytes_, 0));
  }

  void flip(std::uint64_t at) const {
    const std::uint8_t byte = bytes_[at] ^ 0x20;
    EXPECT_TRUE(write_fully(file_.get(), {&byte, 1}, at));
  }

  [[nodiscard]] LedgerScanner scanner() const { return {file_.get(), bytes_.size(), 0}; }

  [[nodiscard]] std::uint64_t start(std::size_t index) const { return starts_[index]; }

  [[nodiscard]] int file() const { return file_.get(); }

  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

 private:
  Descriptor file_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint64_t> starts_;
};

// Goes on as long as entries are good.
LedgerByteVerdict walk(LedgerScanner& scanner) {
  LedgerEntryHeader header;
  LedgerByteVerdict verdict = LedgerByteVerdict::kGood;
  while (verdict == LedgerByteVerdict::kGood) verdict = *scanner.next(header);
  return verdict;
}

const std::vector<Made> kThreeGroups = {{0, 0, 10}, {1, 1, 20}, {2, 1, 0}, {3, 1, 9}, {4, 4, 33}};

TEST(LedgerScanner, WalksToTheEnd) {
  const MadeFile file(kThreeGroups);
  LedgerScanner scanner = file.scanner();
  EXPECT_EQ(walk(scanner), LedgerByteVerdict::kEnd);
  EXPECT_EQ(scanner.position(), file.size());
  EXPECT_EQ(scanner.next_sequence(), 5U);
  EXPECT_EQ(scanner.group_position(), file.start(4));
}

// Of a group that another one follows, everything had been acknowledged.
TEST(LedgerScanner, DamageBeforeALaterGroupIsNoTornTail) {
  for (std::size_t index = 0; index < kThreeGroups.size(); ++index) {
    const MadeFile file(kThreeGroups);
    file.flip(file.start(index) + 60);
    LedgerScanner scanner = file.scanner();
    EXPECT_EQ(walk(scanner), LedgerByteVerdict::kBadChecksum);
    EXPECT_EQ(scanner.position(), file.start(index));
    EXPECT_EQ(*scanner.has_later_group(), index < 4) << index;
  }
}

// A power cut may keep a later page of one write and lose an earlier one.
TEST(LedgerScanner, TheRestOfItsOwnGroupProvesNothing) {
  for (const std::size_t index : {1U, 2U}) {
    const MadeFile file({{0, 0, 10}, {1, 1, 20}, {2, 1, 0}, {3, 1, 9}});
    file.flip(file.start(index) + 60);
    LedgerScanner scanner = file.scanner();
    walk(scanner);
    EXPECT_EQ(scanner.position(), file.start(index));
    EXPECT_FALSE(*scanner.has_later_group());
  }
}

TEST(LedgerScanner, SequenceAndGroupMustGoOn) {
  const std::vector<std::vector<Made>> all = {
      {{1, 1, 0}},                        // does not begin where it must
      {{0, 0, 0}, {2, 2, 0}},             // one is missing
      {{0, 0, 0}, {0, 0, 0}},             // twice
      {{0, 0, 0}, {1, 1, 0}, {2, 0, 0}},  // back to an older group
  };
  for (const auto& entries : all) {
    const MadeFile file(entries);
    LedgerScanner scanner = file.scanner();
    EXPECT_EQ(walk(scanner), LedgerByteVerdict::kOutOfSequence);
    EXPECT_EQ(scanner.position(), file.start(entries.size() - 1));
  }
  // The second file of a ledger: a group does not reach into it.
  const MadeFile file({{5, 4, 0}});
  LedgerScanner scanner(file.file(), file.size(), 5);
  EXPECT_EQ(walk(scanner), LedgerByteVerdict::kOutOfSequence);
}

// Entries that do not fit the window that is left, and the largest there is.
TEST(LedgerScanner, EntriesOfAnySizeAreReadWhole) {
  std::vector<Made> entries;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto bytes = static_cast<std::uint32_t>(i % 3 == 0 ? kLedgerContentBytesMax : i * 1'111);
    entries.push_back({i, i - i % 4, bytes});
  }
  const MadeFile file(entries);
  LedgerScanner scanner = file.scanner();
  EXPECT_EQ(walk(scanner), LedgerByteVerdict::kEnd);
  EXPECT_EQ(scanner.next_sequence(), 40U);
  file.flip(file.start(1));
  LedgerScanner damaged = file.scanner();
  walk(damaged);
  EXPECT_TRUE(*damaged.has_later_group());
}

TEST(LedgerScanner, StopsAtTheEndThatItIsGiven) {
  const MadeFile file(kThreeGroups);
  LedgerScanner scanner(file.file(), file.start(4), 0);
  EXPECT_EQ(walk(scanner), LedgerByteVerdict::kEnd);
  EXPECT_EQ(scanner.next_sequence(), 4U);
  LedgerScanner none(file.file(), 10, 0);
  EXPECT_EQ(walk(none), LedgerByteVerdict::kEnd);
}

TEST(LedgerScanner, AFileThatIsShorterThanItWasIsAnError) {
  const MadeFile file(kThreeGroups);
  LedgerScanner scanner(file.file(), file.size() + 8, 0);
  LedgerEntryHeader header;
  const auto verdict = scanner.next(header);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::storage
