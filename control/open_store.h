// How every reading command gets at a store: through the control socket of the process that owns
// it, or, when nobody does, by opening it here.  Never creates a store.  Either way the journal
// knows who looked at what (control/journaled_store.h).
// Threads: one caller at a time.  Memory: see RemoteStore and storage::Store.
#pragma once

#include <memory>

#include "base/result.h"
#include "control/journaled_store.h"
#include "control/settings.h"
#include "pipelines/retention/desk.h"
#include "storage/store_access.h"

namespace tapdeck::control {

// kNotFound: there is no store in `settings.store_directory`.  kBusy: another process owns it and
// does not serve it (an `ingest` that owns it does not).
Result<std::unique_ptr<storage::StoreAccess>> open_store(const Settings& settings);

// Writes an access in the journal in the name of `actor`; the desk outlives it.
AccessNote access_note(retention::RetentionDesk& desk, LedgerActor actor);

}  // namespace tapdeck::control
