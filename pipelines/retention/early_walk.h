// What may go before its time when the disk fills up, in the order of the configuration, found page
// by page in what the store knows to be due some day.
//
// Threads: one at a time.  Memory: a page.  Errors: as the store has them; then the walk stands
// where it stood.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ledger_content.h"
#include "pipelines/retention/requests.h"
#include "storage/retention_store.h"
#include "storage/store_access.h"

namespace tapdeck::retention {

struct EarlyExpiry {
  std::string class_name;
  RecordingParts parts = kPartMedia;
};

// Of one step of RetentionDesk::relieve().
struct Relief {
  ApplyAnswer gone;
  std::uint64_t bytes = 0;  // of what went, as its rows say
  std::string class_name;   // all of it
  RecordingParts parts = 0;
};

class EarlyWalk {
 public:
  // With what `reclaimable_bytes_of()` says of the parts of the entry that `due` has; false:
  // enough.
  using Visitor = std::function<bool(const storage::DueParts& due, std::uint64_t bytes)>;

  // Both outlive it; no entry is of a locked class.
  EarlyWalk(storage::RetentionStore& store, const std::vector<EarlyExpiry>& order)
      : store_(&store), order_(&order) {}

  [[nodiscard]] bool is_over() const { return entry_ >= order_->size(); }

  // The one that the next page is of; not is_over().
  [[nodiscard]] const EarlyExpiry& entry() const { return (*order_)[entry_]; }

  // Shows what of the next page may go early, held or not: ended calls of the entry's class that
  // nobody lengthened, whose bytes would come back.  False: the entry is done.
  Result<bool> next_page(storage::StoreAccess& calls, const Visitor& visitor);

 private:
  Result<std::uint64_t> bytes_of(storage::StoreAccess& calls, const storage::DueParts& row);

  storage::RetentionStore* store_;
  const std::vector<EarlyExpiry>* order_;
  std::size_t entry_ = 0;
  std::optional<storage::DueParts> after_;
};

}  // namespace tapdeck::retention
