// Walks over one file of the ledger: entry behind entry, each proven by its checksum and by its
// place in the sequence; and tells a torn tail from damage. Format: docs/formats/ledger.md.
//
// Threads: one caller at a time per object; the file may be appended to behind `end`.  Memory: a
// window of 256 KiB, or one entry where that is larger.  Bad bytes: the walk stops there and says
// why; a disk that does not answer is kIo.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "storage/ledger_format.h"

namespace tapdeck::storage {

class LedgerScanner {
 public:
  // Of `file`, which stays open; entries lie from behind the header to `end`, the first of them
  // with the sequence number `first_sequence`.
  LedgerScanner(int file, std::uint64_t end, std::uint64_t first_sequence);

  // kGood: `header` and entry() are the next entry's, which position() is behind.  Anything else:
  // what stands at position() is that, and stays so.
  Result<LedgerByteVerdict> next(LedgerEntryHeader& header);

  // Header, content and padding; valid until the next call.
  [[nodiscard]] ByteView entry() const { return entry_; }

  [[nodiscard]] std::uint64_t position() const { return position_; }

  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }

  // Where the group of the last entry begins, in the file; the header's end before the first.
  [[nodiscard]] std::uint64_t group_position() const { return group_position_; }

  // After a stop: whether an entry of a later group lies behind position().  A group is written
  // only after the one before it has been synced, so then what stands at position() was
  // acknowledged once and is damaged; without one it may be the rest of a write that a crash cut
  // short.
  Result<bool> has_later_group();

 private:
  Result<ByteView> view(std::uint64_t at, std::size_t bytes);

  const int file_;
  const std::uint64_t end_;
  std::uint64_t position_ = kLedgerFileHeaderBytes;
  std::uint64_t next_sequence_;
  std::uint64_t group_;
  std::uint64_t group_position_ = kLedgerFileHeaderBytes;
  std::vector<std::uint8_t> window_;
  std::uint64_t window_at_ = 0;
  ByteView entry_;
};

}  // namespace tapdeck::storage
