// How every reading command gets at a store: through the control socket of the process that owns
// it, or, when nobody does, by opening it here.  Never creates a store.  Either way the journal
// knows who looked at what (control/journaled_store.h).
// Threads: one caller at a time.  Memory: see RemoteStore and storage::Store.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "control/journaled_store.h"
#include "control/retention_codec.h"
#include "control/settings.h"
#include "pipelines/retention/desk.h"
#include "storage/store_access.h"

namespace tapdeck::control {

// A store that is read, and may be asked beside that.
struct OpenedStore {
  std::unique_ptr<storage::StoreAccess> reader;
  // As RetentionAccess::ask(); not beyond the reader's life.
  std::function<Result<std::string>(const RetentionRequest&)> ask;
};

// `purpose`: what it is read for.  kNotFound: there is no store in `settings.store_directory`.
// kBusy: another process owns it and does not serve it (an `ingest` that owns it does not).
Result<OpenedStore> open_store_for(const Settings& settings, AccessKind purpose);

// To show what is in it.
Result<std::unique_ptr<storage::StoreAccess>> open_store(const Settings& settings);

// Writes an access in the journal in the name of `actor`; the desk outlives it.
AccessNote access_note(retention::RetentionDesk& desk, LedgerActor actor);

}  // namespace tapdeck::control
