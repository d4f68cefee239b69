// How a command that records ends when it cannot.
// Threads: any.  Memory: none.
#pragma once

#include <cstdio>

#include "base/result.h"
#include "control/cli/command_line.h"

namespace tapdeck::apps {

// Tells it on stderr; the exit status.  Whatever fails is in the configuration or on the host: the
// command line was right.
inline int command_failed(const Error& error) {
  std::fprintf(stderr, "tapdeck: %s\n", error.message.c_str());
  return control::kExitFailed;
}

}  // namespace tapdeck::apps
