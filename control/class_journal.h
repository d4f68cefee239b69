// Changes of retention classes on their way into the journal: what the configuration says now is
// compared with what it said when it was last noted in this store.
// Threads: one at a time for each store.  Memory: the classes.  Errors: those of the store; then
// the same is noted again the next time.
#pragma once

#include <string>

#include "base/result.h"
#include "control/settings.h"
#include "storage/retention_store.h"

namespace tapdeck::control {

// An entry for each class that was added, changed or removed, in the name of this process; durable
// when it returns.  `reason`: "start"…  Without a configuration file nothing is said of classes,
// and nothing is noted.
Result<void> journal_classes(const Settings& settings,
                             const std::string& reason,
                             storage::RetentionStore& store);

}  // namespace tapdeck::control
