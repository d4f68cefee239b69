// A ledger that is cut at any byte, and one with any byte altered: refused with the place, or a
// prefix of what was appended, never anything else.
#include "storage/ledger.h"
#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr mode_t kCrashed = 0600;
constexpr mode_t kClosed = 0400;

// The bytes of one file with three groups, and where each begins.
class ThreeGroups {
 public:
  explicit ThreeGroups(const LedgerDirectory& directory) {
    const auto ledger = directory.open();
    std::uint64_t next = 0;
    for (const std::size_t count : {2U, 3U, 3U}) {
      groups_.push_back(std::filesystem::file_size(directory.file()));
      EXPECT_TRUE(ledger->append(numbered_group(next, count)));
      next += count;
    }
    bytes_ = bytes_of_file(directory.file());
    for (const Replayed& each : replay_all(*ledger)) {
      ends_.push_back((ends_.empty() ? groups_[0] : ends_.back()) +
                      ledger_entry_bytes(each.header.content_bytes));
    }
    EXPECT_EQ(ends_.back(), bytes_.size());
  }

  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  // Entries that are whole in the first `size` bytes.
  [[nodiscard]] std::size_t whole_in(std::size_t size) const {
    std::size_t count = 0;
    while (count < ends_.size() && ends_[count] <= size) ++count;
    return count;
  }

  [[nodiscard]] std::uint64_t end_of(std::size_t count) const {
    return count == 0 ? groups_[0] : ends_[count - 1];
  }

  [[nodiscard]] std::uint64_t last_group() const { return groups_.back(); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint64_t> groups_;
  std::vector<std::uint64_t> ends_;
};

// Refused at opening, with the code and the place of the first entry that is not whole.
void expect_refused(const LedgerDirectory& directory, std::uint64_t place) {
  const auto ledger = Ledger::open(directory.path(), directory.options());
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::kCorrupt) << ledger.error().message;
  const std::string start = directory.file() + ":" + std::to_string(place) + ": ";
  EXPECT_TRUE(ledger.error().message.starts_with(start)) << ledger.error().message;
}

// Opens, has the first `count` entries, and goes on behind them.
void expect_prefix(const LedgerDirectory& directory, std::size_t count, std::uint64_t torn_bytes) {
  auto ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  EXPECT_EQ(ledger->figures().torn_bytes_dropped, torn_bytes);
  const auto all = replay_all(*ledger);
  ASSERT_EQ(all.size(), count);
  expect_numbered(all);
  ASSERT_EQ(*ledger->append(numbered_group(count, 2)), count);
  ledger.reset();
  ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  const auto more = replay_all(*ledger);
  ASSERT_EQ(more.size(), count + 2);
  expect_numbered(more);
}

TEST(LedgerDamage, CutAtEveryByteAfterACrashItGoesOnBehindWhatIsWhole) {
  const LedgerDirectory directory;
  const ThreeGroups made(directory);
  for (std::size_t size = 0; size <= made.bytes().size(); ++size) {
    SCOPED_TRACE(size);
    put_file(directory.file(), ByteView(made.bytes()).first(size), kCrashed);
    if (size < kLedgerFileHeaderBytes) {
      expect_refused(directory, 0);  // no crash leaves such a file
      continue;
    }
    const std::size_t whole = made.whole_in(size);
    expect_prefix(directory, whole, size - made.end_of(whole));
  }
}

TEST(LedgerDamage, CutAtEveryByteAfterClosingItIsRefused) {
  const LedgerDirectory directory;
  const ThreeGroups made(directory);
  for (std::size_t size = 0; size < made.bytes().size(); ++size) {
    SCOPED_TRACE(size);
    put_file(directory.file(), ByteView(made.bytes()).first(size), kClosed);
    const std::uint64_t end = made.end_of(made.whole_in(size));
    if (size < kLedgerFileHeaderBytes) {
      expect_refused(directory, 0);
    } else if (size != end) {
      expect_refused(directory, end);
    }
  }
}

TEST(LedgerDamage, AnyByteAlteredAfterACrashCostsTheLastGroupAtMost) {
  const LedgerDirectory directory;
  const ThreeGroups made(directory);
  for (std::size_t at = 0; at < made.bytes().size(); ++at) {
    SCOPED_TRACE(at);
    auto bytes = made.bytes();
    bytes[at] ^= 0x5a;
    put_file(directory.file(), bytes, kCrashed);
    const std::size_t whole = made.whole_in(at);
    if (at < kLedgerFileHeaderBytes) {
      expect_refused(directory, 0);
    } else if (at < made.last_group()) {
      expect_refused(directory, made.end_of(whole));
    } else {
      expect_prefix(directory, whole, bytes.size() - made.end_of(whole));
    }
  }
}

TEST(LedgerDamage, AnyByteAlteredAfterClosingIsRefused) {
  const LedgerDirectory directory;
  const ThreeGroups made(directory);
  for (std::size_t at = 0; at < made.bytes().size(); ++at) {
    SCOPED_TRACE(at);
    auto bytes = made.bytes();
    bytes[at] ^= 0xff;
    put_file(directory.file(), bytes, kClosed);
    expect_refused(directory, at < kLedgerFileHeaderBytes ? 0 : made.end_of(made.whole_in(at)));
  }
}

// Zeros where a write was to be: what file systems leave after a power cut.
TEST(LedgerDamage, ZerosAtTheEndAreATornTail) {
  const LedgerDirectory directory;
  const ThreeGroups made(directory);
  for (const std::size_t zeros : {1U, 7U, 128U, 5'000U, 300'000U}) {
    auto bytes = made.bytes();
    bytes.resize(bytes.size() + zeros);
    put_file(directory.file(), bytes, kCrashed);
    expect_prefix(directory, 8, zeros);
  }
}

// Files before the last one are read by replay() only, which gives what stands before the damage.
TEST(LedgerDamage, InAnEarlierFileIsNamedByReplay) {
  const LedgerDirectory directory;
  {
    const auto ledger = directory.open(700);
    ASSERT_NE(ledger, nullptr);
    for (std::uint64_t i = 0; i < 12; ++i) ASSERT_TRUE(ledger->append(numbered_group(i, 1)));
    ASSERT_GE(ledger->figures().files, 3U);
  }
  const auto bytes = bytes_of_file(directory.file(1));
  const auto ledger = directory.open(700);
  ASSERT_NE(ledger, nullptr);
  const auto expect_damage = [&](ByteView altered) {
    put_file(directory.file(1), altered, kClosed);
    std::vector<Replayed> all;
    const auto replayed = replay_to(*ledger, all);
    ASSERT_FALSE(replayed);
    EXPECT_EQ(replayed.error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(replayed.error().message.starts_with(directory.file(1) + ":"));
    EXPECT_LT(all.size(), 12U);
    expect_numbered(all);
  };
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto altered = bytes;
    altered[at] ^= 4;
    expect_damage(altered);
    expect_damage(ByteView(bytes).first(at));
  }
  // A whole entry too many.
  auto longer = bytes;
  longer.insert(longer.end(), bytes.begin() + kLedgerFileHeaderBytes, bytes.end());
  expect_damage(longer);
}

// What a newer version wrote is neither damage nor a torn tail.
TEST(LedgerDamage, ANewerVersionsEntryIsLeftAlone) {
  const LedgerDirectory directory;
  const ThreeGroups made(directory);
  auto bytes = made.bytes();
  const std::size_t start = made.end_of(7);
  const MutableByteView entry = MutableByteView(bytes).subspan(start);
  entry[26] = 1;
  Tag tag;
  std::copy_n(entry.begin() + 104, tag.size(), tag.begin());
  finish_ledger_entry(entry, tag);
  put_file(directory.file(), bytes, kCrashed);
  const auto ledger = Ledger::open(directory.path(), directory.options());
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(ledger.error().message.find(directory.file() + ":" + std::to_string(start)),
            std::string::npos);
  EXPECT_EQ(bytes_of_file(directory.file()), bytes);
}

}  // namespace
}  // namespace tapdeck::storage
