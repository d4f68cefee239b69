// The journal of a store with what it restores: the files (storage/ledger.h) and the state that
// their entries give (storage/ledger_state.h), kept together.  What is committed is durable, then
// it holds, then the caller hears of it.
//
// Threads: any; one commit at a time, in the order of their calls; look() waits for no disk, unless
// it is called from within another look().  Memory: as LedgerState.  Failing: after a failed write
// or sync nothing of the group holds and the caller has the error; the next commit opens the files
// anew first, which proves what they hold.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>

#include "base/result.h"
#include "storage/ledger.h"
#include "storage/ledger_state.h"

namespace tapdeck::storage {

class Journal {
 public:
  // Reads all of it.
  static Result<std::unique_ptr<Journal>> open(std::string directory,
                                               const LedgerOptions& options,
                                               const LedgerStateLimits& limits = {});

  // All of them or none; the sequence number of the first.  Errors as of Ledger::append(), and
  // kResources where the state has no room: then nothing was written either.
  Result<std::uint64_t> commit(std::span<const LedgerEntry> entries);

  Result<std::uint64_t> commit(const LedgerEntry& entry) { return commit({&entry, 1}); }

  // What `look` returns of the state as of the last commit, which does not change meanwhile.
  template <typename Look>
  auto look(Look&& look) const {
    const std::shared_lock lock(state_mutex_);
    return look(state_);
  }

  // Ledger::replay(); kIo after a failed commit, until the next one.
  Result<void> replay(std::uint64_t from_sequence, const LedgerVisitor& visitor) const;

  [[nodiscard]] LedgerFigures figures() const;

 private:
  Journal(std::string directory, const LedgerOptions& options, const LedgerStateLimits& limits)
      : directory_(std::move(directory)), options_(options), limits_(limits), state_(limits) {}

  Result<void> load();
  void drop_ledger();
  [[nodiscard]] std::shared_ptr<const Ledger> ledger() const;

  const std::string directory_;
  const LedgerOptions options_;
  const LedgerStateLimits limits_;
  std::mutex commit_mutex_;                // one at a time; before state_mutex_
  mutable std::shared_mutex state_mutex_;  // over what follows
  std::shared_ptr<Ledger> ledger_;  // changes under both; empty after a failure, until opened anew
  LedgerState state_;
};

}  // namespace tapdeck::storage
