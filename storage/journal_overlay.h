// What the journal says of calls, put into their records as they are given out: it is not stored
// with them.
// Threads: any; under Journal::look().  Memory: what a record takes.  Failing: never.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "model/call.h"
#include "storage/ledger_state.h"

namespace tapdeck::storage {

// Annotations, matters that hold it, and that it is held where something of it is there.
void apply_journal(const LedgerState& state, CallRecord& call);

// Of records that are to be stored: without those that were erased altogether, and with it said of
// those whose media was.  nullopt: all of them, as they are.
std::optional<std::vector<CallRecord>> without_erased(const LedgerState& state,
                                                      std::span<const CallRecord> calls);

// Takes out of a record what apply_journal() put there: what is to be stored.  `stored`: as it is;
// business facts that are gone from `call` stay so.
void strip_journal(const CallRecord& stored, CallRecord& call);

}  // namespace tapdeck::storage
