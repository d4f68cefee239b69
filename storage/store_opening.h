// How a store's directory is taken before anything in it is used: its lock, its format, its keys
// with the journal under them.  For who opens a store and for who rebuilds one.
//
// Threads: the opener's.  Memory: that of KeyVault and Journal.  Failing: a sentence that names the
// path; nothing is changed then.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/files.h"
#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/signing_key.h"
#include "storage/store.h"

namespace tapdeck::storage {

constexpr std::string_view kSetAsidePrefix = "calls.before-rebuild-";

// Names within `directory` that begin so, sorted.
Result<std::vector<std::string>> list_set_aside(const std::string& directory);

// kBusy: another process has it, and which.  Held as long as the descriptor is open.
Result<Descriptor> take_store_lock(const std::string& directory);

// Makes FORMAT and the directories of a new store.  kUnsupported: a newer one; kCorrupt: calls
// without a format.
Result<void> check_store_format(const std::string& directory);

// kCorrupt where there are segments and no call store, or one that is being rebuilt: an empty call
// store would make all that is recorded look like what nobody needs. And where there is a call
// store and no journal: an empty one would hold nothing and have erased nothing.
Result<void> check_parts_are_there(const std::string& directory);

struct OpenedKeys {
  std::unique_ptr<KeyVault> keys;
  std::unique_ptr<SigningKeyFile> signing_key;  // which may not be there yet
  std::unique_ptr<Journal> journal;
};

Result<OpenedKeys> open_store_keys(const StoreOptions& options);

// DIRECTORY/REBUILD: there from before the old call store is set aside until the new one is whole.
// What it says: the name under which the old one is kept, in DIRECTORY; empty: there was none.
Result<std::optional<std::string>> read_rebuild_mark(const std::string& directory);
Result<void> write_rebuild_mark(const std::string& directory, const std::string& set_aside);
Result<void> remove_rebuild_mark(const std::string& directory);

}  // namespace tapdeck::storage
