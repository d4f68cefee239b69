// The rules and the directory that a configuration names, ready for a call plane.
// Threads: any, off the hot path.  Memory: theirs.  Errors: kCorrupt has every mistake, one a line.
#pragma once

#include "base/result.h"
#include "control/cli/command_line.h"
#include "control/settings.h"
#include "pipelines/calls/call_policy.h"

namespace tapdeck::apps {

// Nothing where it names none.  Says in the log how it went.
Result<calls::PolicySources> load_policy_sources(const control::GlobalOptions& global,
                                                 const control::Settings& settings);

}  // namespace tapdeck::apps
