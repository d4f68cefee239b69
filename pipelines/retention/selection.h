// The calls of a request, one at a time, and the sentences about requests that name none or too
// much.  Threads: one per reader.  Memory: a page of records at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/result.h"
#include "model/call.h"
#include "pipelines/retention/requests.h"
#include "storage/store_access.h"

namespace tapdeck::retention {

// `call` is nullptr where no record has that uid: only of uids that were named.
using SelectedVisitor = std::function<Result<void>(const Uid& uid, const CallRecord* call)>;

// Each once; by time.  kInvalidArgument: neither uids nor filters, or both.
Result<void> for_each_selected(storage::StoreAccess& reader,
                               const Selection& selection,
                               const SelectedVisitor& visitor);

// All of them; nullopt: without a selection, all calls are meant.
using SelectedUids = std::unordered_set<Uid, UidHash>;
Result<std::optional<SelectedUids>> select_uids(storage::StoreAccess& reader,
                                                const std::optional<Selection>& selection);

Result<void> check_selection(const Selection& selection);

// A text that must be there and fit into an entry of the journal; `what`: "a reason".
Result<void> check_required_text(const std::string& text, std::string_view what, std::size_t max);

// Counts, and names as long as there is room.
void add_to(NamedCalls& calls, const Uid& uid);

// "A, B and 7 more".
std::string list_text(const NamedCalls& calls);

}  // namespace tapdeck::retention
