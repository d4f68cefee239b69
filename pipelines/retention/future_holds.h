// Calls to come that a matter holds: asked of every version of a record before it is stored, so
// that a call is held before anything could expire of it.  It never starts a recording.
//
// Threads: match() by whoever stores records, refresh() by any; they wait for each other.  Memory:
// a compiled filter for each active order that waits for calls (LedgerStateLimits::orders_max).
// Cost: one uncontended lock for a batch when there is none; numbers without `*` by a hash, other
// filters one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/call.h"
#include "model/call_query.h"
#include "model/ledger_type.h"
#include "storage/journal.h"

namespace tapdeck::retention {

class FutureHolds {
 public:
  struct Matched {
    std::vector<storage::LedgerEntry> entries;  // to be committed before the records are
    // To be kept until the records are stored: whoever adds a filter waits for it, and then looks
    // for stored calls; so none falls in between.
    std::unique_lock<std::mutex> until_stored;
  };

  // The journal outlives it.  `now_us`: UTC.
  FutureHolds(storage::Journal& journal, std::function<std::int64_t()> now_us);

  // Which of these calls match an active filter and are not held by that matter yet.
  Matched match(std::span<const CallRecord> calls);

  // While it is kept, no record is stored, and nothing else that asks for it goes on.
  [[nodiscard]] std::unique_lock<std::mutex> stop_intake() { return std::unique_lock(mutex_); }

  // Orders of a policy to destroy something that are in the journal, as kErasure or kRedaction, and
  // could not be carried out yet: so many more, or fewer.  Both within stop_intake().
  void add_refused(LedgerType type, std::ptrdiff_t orders) { refused_[type] += orders; }

  [[nodiscard]] bool has_refused(LedgerType type) { return refused_[type] != 0; }

  // Orders of the journal have changed.  Not within Journal::look().
  void refresh();

 private:
  struct Filter {
    std::string matter;
    std::uint64_t sequence = 0;  // of its order
    CallQuery query;
  };

  void compile(Filter filter);
  void find(const CallRecord& call, std::vector<std::vector<Uid>>& found) const;

  storage::Journal& journal_;
  const std::function<std::int64_t()> now_us_;
  std::mutex mutex_;  // over what follows
  std::vector<Filter> filters_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_number_;  // as search_number()
  std::vector<std::size_t> others_;
  std::map<LedgerType, std::ptrdiff_t> refused_;
};

}  // namespace tapdeck::retention
