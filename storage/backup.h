// Copies of a store: made of one that is open and in use, or put back as a store.
//
// A copy is what a crash at one moment would have left, so opening it recovers it: the call store
// first (a checkpoint), then segments as far as they are written, then keys, then the journal. What
// was destroyed meanwhile has no key in it, or stands in its journal and is destroyed again when
// the copy is opened.  A copy shares no block with what it was made of, but where the file system
// copies a shared block before it is written (reflink): one may be destroyed without the other.
//
// Threads: any; one at a time per destination.  Memory: a window of a file.  Errors: kAlreadyExists
// where something is in the way; kInvalid; kIo, kResources.  What a copy made that failed is
// removed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace tapdeck::storage {

struct CopiedFiles {
  std::uint64_t files = 0;
  std::uint64_t cloned = 0;  // of those: on a file system that did it without copying
  std::uint64_t bytes = 0;   // that were copied, holes left out
};

// Everything below `from`, with its modes and holes, into `to`, which is made; durable when it
// returns.  Files that vanish meanwhile are left out.
Result<void> copy_tree(const std::string& from, const std::string& to, CopiedFiles& copied);

// What `make` makes of a new directory, TO.partial, under the name of `to` once it is whole; of
// what fails nothing is left.
Result<CopiedFiles> make_whole(const std::string& to,
                               const std::function<Result<CopiedFiles>(const std::string&)>& make);

// Makes the store `to`, which must not exist yet, out of the copy `from`.  With `journal` not
// empty, that journal (a ledger directory) takes the place of the copy's: that of the store which
// the copy was made of, so that what was erased since is known.  kCorrupt: it is another store's.
// kBusy: `from` is no copy but a store in use.
Result<CopiedFiles> restore_copy(const std::string& from,
                                 const std::string& to,
                                 const std::string& journal);

}  // namespace tapdeck::storage
