// Who does something to a store, as the journal writes it down.
// Threads: any.  Memory: a name.  A user without a name on this host has an empty one.
#pragma once

#include <sys/types.h>

#include "model/ledger_content.h"

namespace tapdeck::control {

LedgerActor actor_of(pid_t process, uid_t user, gid_t group);

// This process.
LedgerActor own_actor();

}  // namespace tapdeck::control
