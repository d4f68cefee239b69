// `tapdeck run`: the capture service, from the configuration.
// Threads: the caller's is the main thread; see apps/service.h.  Errors: told on stderr; exit
// status.
#pragma once

#include "control/cli/command_line.h"

namespace tapdeck::apps {

int run(const control::RunRequest& request);

}  // namespace tapdeck::apps
