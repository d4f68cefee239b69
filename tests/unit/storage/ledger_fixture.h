// What the ledger's tests share: a ledger with a key store beside it, entries whose content is
// known from their number, what a replay gives. Threads: one test.  Memory: whatever a test reads.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/ledger_codec.h"
#include "storage/ledger.h"
#include "tests/support/sample_ledger.h"

namespace tapdeck::storage {

// In memory, where the system has a place for that: thousands of ledgers are opened, and what a
// disk does is not what these tests ask.
class LedgerDirectory {
 public:
  LedgerDirectory() {
    std::error_code ignored;
    const bool in_memory = std::filesystem::is_directory("/dev/shm", ignored);
    std::string pattern = in_memory ? "/dev/shm/ledger-test-XXXXXX" : "ledger-test-XXXXXX";
    path_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(path_ + "/keys");
    keys_ = std::move(*KeyVault::open(path_ + "/keys", master()));
  }

  ~LedgerDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  LedgerDirectory(const LedgerDirectory&) = delete;
  LedgerDirectory& operator=(const LedgerDirectory&) = delete;

  static MasterKey master() {
    MasterKey key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::uint8_t>(i);
    return key;
  }

  [[nodiscard]] LedgerOptions options(std::uint64_t file_bytes_max = 64ULL << 20) const {
    return {.master = master(), .keys = keys_.get(), .file_bytes_max = file_bytes_max};
  }

  [[nodiscard]] std::unique_ptr<Ledger> open(std::uint64_t file_bytes_max = 64ULL << 20) const {
    auto ledger = Ledger::open(path(), options(file_bytes_max));
    EXPECT_TRUE(ledger) << (ledger ? "" : ledger.error().message);
    return ledger ? std::move(*ledger) : nullptr;
  }

  [[nodiscard]] std::string path() const { return path_ + "/ledger"; }

  [[nodiscard]] std::string file(std::uint32_t number = 0) const {
    char name[32];
    std::snprintf(name, sizeof name, "/%08u.ledger", number);
    return path() + name;
  }

  [[nodiscard]] KeyVault& keys() const { return *keys_; }

 private:
  std::string path_;
  std::unique_ptr<KeyVault> keys_;
};

inline LedgerEntry numbered_entry(std::uint64_t number) {
  return {.uid = {},
          .time_us = testing::kLedgerTimeUs + static_cast<std::int64_t>(number),
          .key_id = kNoKey,
          .content = Access{testing::sample_actor(),
                            AccessKind::kSearch,
                            "search " + std::to_string(number) + std::string(number % 13, '.')}};
}

inline std::vector<LedgerEntry> numbered_group(std::uint64_t first, std::size_t count) {
  std::vector<LedgerEntry> group;
  for (std::size_t i = 0; i < count; ++i) group.push_back(numbered_entry(first + i));
  return group;
}

struct Replayed {
  LedgerEntryHeader header;
  LedgerContentState state = LedgerContentState::kReadable;
  std::string content;
};

// What a replay gives, and how it ends.
inline Result<void> replay_to(const Ledger& ledger,
                              std::vector<Replayed>& to,
                              std::uint64_t from_sequence = 0) {
  return ledger.replay(from_sequence, [&](const LedgerRecord& record) -> Result<bool> {
    to.push_back({record.header, record.state, std::string(as_text(record.content))});
    return true;
  });
}

inline std::vector<Replayed> replay_all(const Ledger& ledger) {
  std::vector<Replayed> all;
  const auto replayed = replay_to(ledger, all);
  EXPECT_TRUE(replayed) << (replayed ? "" : replayed.error().message);
  return all;
}

// That `entries` are those numbered from 0, whole, however many.
inline void expect_numbered(const std::vector<Replayed>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LedgerEntry expected = numbered_entry(i);
    ASSERT_EQ(entries[i].header.sequence, i);
    ASSERT_EQ(entries[i].header.time_us, expected.time_us);
    ASSERT_EQ(entries[i].state, LedgerContentState::kReadable);
    ASSERT_EQ(entries[i].content, encode_ledger_content(expected.content));
  }
}

inline std::vector<std::uint8_t> bytes_of_file(const std::string& path) {
  std::vector<std::uint8_t> bytes(std::filesystem::file_size(path));
  const Descriptor file(::open(path.c_str(), O_RDONLY));
  EXPECT_TRUE(read_fully(file.get(), bytes, 0));
  return bytes;
}

// Mode 0600: as a crash leaves it; 0400: as close() does.
inline void put_file(const std::string& path, ByteView bytes, mode_t mode) {
  std::filesystem::remove(path);
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600));
  EXPECT_TRUE(write_fully(file.get(), bytes, 0));
  EXPECT_EQ(fchmod(file.get(), mode), 0);
}

}  // namespace tapdeck::storage
