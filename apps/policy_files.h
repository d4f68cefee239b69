// The rules and the directory that a configuration names, ready for a call plane.
// Threads: any, off the hot path.  Memory: theirs.  Errors: kCorrupt has every mistake, one a line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/cli/command_line.h"
#include "control/settings.h"
#include "model/ledger_content.h"
#include "pipelines/calls/call_policy.h"
#include "storage/retention_store.h"

namespace tapdeck::apps {

struct PolicyFiles {
  calls::PolicySources sources;
  std::optional<LedgerDigest> digest;  // of all that decides; nullopt: there are no rules
  std::uint32_t rules = 0;
  std::vector<std::string> notes;  // of each file, what was read
};

// Nothing where it names none.
Result<PolicyFiles> load_policy_files(const control::GlobalOptions& global,
                                      const control::Settings& settings);

// Says in the log what was read: once it holds.
void log_policy(const PolicyFiles& files);

// Writes down that other rules hold from now on than those that the store knows of; nothing where
// they are the same.  Before they are obeyed.
Result<void> journal_policy(const PolicyFiles& files,
                            const std::string& reason,
                            storage::RetentionStore& store);

}  // namespace tapdeck::apps
