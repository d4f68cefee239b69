// `calls --follow`: which calls are new, or have become final, since the last look.
// Threads: one at a time.  Memory: the uids of calls in progress and of those seen lately.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "model/call_query.h"
#include "storage/store_access.h"

namespace tapdeck::control {

class Follower {
 public:
  // `now_us` is the UTC time from which on calls are told.
  Follower(storage::StoreAccess& store, CallQuery filters, std::int64_t now_us);

  // Learns what is there already, without telling it.
  Result<void> start();

  // Calls that appeared or became final since the last poll, oldest first.
  Result<std::vector<CallRecord>> poll(std::int64_t now_us);

 private:
  Result<std::vector<CallRecord>> find_unseen(std::int64_t since_us);
  Result<void> find_finished(std::vector<CallRecord>& found);
  void forget_before(std::int64_t time_us);

  storage::StoreAccess& store_;
  CallQuery filters_;
  std::int64_t started_us_;
  std::map<Uid, bool> seen_;  // uid (sorts by start) -> was final when last told
  Uid next_open_{};           // where find_finished() goes on
};

}  // namespace tapdeck::control
