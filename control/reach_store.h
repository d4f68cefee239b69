// How every command gets at a store: the process that owns it, over its control socket, or, when
// nobody does, the store itself, opened here, with the desk through which its recordings live.
// Never creates a store.
// Threads: one caller at a time.  Memory: see RemoteStore and storage::Store.
#pragma once

#include <memory>

#include "base/result.h"
#include "control/remote_store.h"
#include "control/settings.h"
#include "pipelines/retention/desk.h"
#include "storage/store.h"

namespace tapdeck::control {

// Either `remote`, or `store` and `desk`.
struct ReachedStore {
  std::unique_ptr<RemoteStore> remote;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<retention::RetentionDesk> desk;
};

// What an earlier process began to destroy is destroyed before a store that is opened here is
// handed out.  `purpose`: what a service is read for.  kNotFound: there is no store in
// `settings.store_directory`.  kBusy: another process owns it and does not serve it (an `ingest`
// that owns it does not).
Result<ReachedStore> reach_store(const Settings& settings, AccessKind purpose = AccessKind::kShow);

// The classes of the configuration as the desk knows them.
retention::DeskOptions desk_options(const config::Config& config);

}  // namespace tapdeck::control
