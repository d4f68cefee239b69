// Names of the values that retention keeps in a store (RetentionStore::put_value()), and of the
// class of records that name none.  Threads: constants.  Memory: none.
#pragma once

#include <string_view>

#include "storage/retention_store.h"

namespace tapdeck::retention {

constexpr const char* kDefaultClass = "default";

// encode_clock_mark() of the time that was last believed.
constexpr std::string_view kClockValue = "retention/clock";

using storage::kDoneValue;
using storage::kRedactedValue;

// Whose facts the erasure that is under way takes out of which record: "UID CHOICE" lines.
constexpr std::string_view kChoicesValue = "retention/choices";

// Decimal, UTC microseconds: since when records have gone whose bytes may be in files; "": none.
constexpr std::string_view kRecordsGoneValue = "retention/records_gone";

// What goes before its time just now: "CLASS PARTS", then a UID a line; empty: nothing.
constexpr std::string_view kEarlyValue = "retention/early";

}  // namespace tapdeck::retention
