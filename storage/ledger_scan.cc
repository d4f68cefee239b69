#include "storage/ledger_scan.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/files.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kLedgerWindowBytes = 256U << 10;
static_assert(kLedgerWindowBytes > kLedgerEntryBytesMax);

}  // namespace

LedgerScanner::LedgerScanner(int file, std::uint64_t end, std::uint64_t first_sequence)
    : file_(file),
      end_(std::max<std::uint64_t>(end, kLedgerFileHeaderBytes)),
      next_sequence_(first_sequence),
      group_(first_sequence) {}

// At least `bytes` from `at`, or all up to the end where that comes first.
Result<ByteView> LedgerScanner::view(std::uint64_t at, std::size_t bytes) {
  const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, end_ - at));
  if (at < window_at_ || at + there > window_at_ + window_.size()) {
    window_.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(kLedgerWindowBytes, end_ - at)));
    window_at_ = at;
    if (!read_fully(file_, window_, at)) {
      const int cause = errno;
      window_.clear();
      return make_errno_error(
          ErrorCode::kIo, "A file of the ledger cannot be read", cause == 0 ? EIO : cause);
    }
  }
  return ByteView(window_).subspan(static_cast<std::size_t>(at - window_at_));
}

Result<LedgerByteVerdict> LedgerScanner::next(LedgerEntryHeader& header) {
  const Result<ByteView> bytes = view(position_, kLedgerEntryBytesMax);
  if (!bytes) return Error(bytes.error());
  LedgerEntryHeader found;
  const LedgerByteVerdict verdict = decode_ledger_entry(*bytes, found);
  if (verdict != LedgerByteVerdict::kGood) return verdict;
  // A group does not reach into another file, so the first entry begins one.
  const bool begins = found.group == found.sequence;
  const bool first = position_ == kLedgerFileHeaderBytes;
  if (found.sequence != next_sequence_ || (!begins && (first || found.group != group_))) {
    return LedgerByteVerdict::kOutOfSequence;
  }
  if (begins) group_position_ = position_;
  group_ = found.group;
  ++next_sequence_;
  entry_ = bytes->first(ledger_entry_bytes(found.content_bytes));
  position_ += entry_.size();
  header = found;
  return LedgerByteVerdict::kGood;
}

Result<bool> LedgerScanner::has_later_group() {
  for (std::uint64_t at = position_ + kLedgerAlignment; at < end_; at += kLedgerAlignment) {
    const Result<ByteView> bytes = view(at, kLedgerEntryBytesMax);
    if (!bytes) return Error(bytes.error());
    LedgerEntryHeader found;
    if (decode_ledger_entry(*bytes, found) == LedgerByteVerdict::kGood &&
        found.group > next_sequence_) {
      return true;
    }
  }
  return false;
}

}  // namespace tapdeck::storage
