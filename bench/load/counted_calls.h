// Counts what a program asks of the file system, in place of the C library's own functions: a
// program that refers to this has its fdatasync() and unlink() counted, RocksDB's included.  What
// goes through io_uring, and unlinkat(), is not.
// Threads: any.  Memory: none.  Errors: the kernel's, as ever.
#pragma once

#include <cstdint>

namespace tapdeck::load {

struct CountedCalls {
  std::uint64_t journal_syncs = 0;  // of files in ledger/
  std::uint64_t key_syncs = 0;      // in keys/
  std::uint64_t row_syncs = 0;      // in calls/
  std::uint64_t segment_syncs = 0;  // in segments/
  std::uint64_t segment_unlinks = 0;
};

// Since the program began.
CountedCalls counted_calls();

}  // namespace tapdeck::load
