// Copies of a store: made of one that is open and in use, or put back as a store.
//
// A copy is what a crash at one moment would have left, so opening it recovers it: the call store
// first (a checkpoint), then segments as far as they are written, then keys, then the journal. What
// was destroyed meanwhile has no key in it, or stands in its journal and is destroyed again when
// the copy is opened.
//
// Threads: any; one at a time per destination.  Memory: a window of a file.  Errors: kAlreadyExists
// where something is in the way; kIo, kResources.  A copy that failed is left as NAME.partial.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tapdeck::storage {

struct CopiedFiles {
  std::uint64_t files = 0;
  std::uint64_t linked = 0;  // of those: sealed files on the same file system, shared
  std::uint64_t bytes = 0;   // that were copied
};

// How the files of one directory are copied.
enum class CopyWay : std::uint8_t {
  kLinkSealed,  // hard links to files that nobody may write (mode 0400), copies of the others
  kCopyAll,     // files that are overwritten in place
};

// Everything below `from`, with its modes, into `to`, which is made; durable when it returns.
// Files that vanish meanwhile are left out.
Result<void> copy_tree(const std::string& from,
                       const std::string& to,
                       CopyWay way,
                       CopiedFiles& copied);

// Makes the store `to`, which must not exist yet, out of the copy `from`.  With `journal` not
// empty, that journal (a ledger directory) takes the place of the copy's: that of the store which
// the copy was made of, so that what was erased since is known.  kCorrupt: it is another store's.
Result<CopiedFiles> restore_copy(const std::string& from,
                                 const std::string& to,
                                 const std::string& journal);

}  // namespace tapdeck::storage
