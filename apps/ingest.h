// `tapdeck ingest`: capture files through the same engine as a live port, every part stepped on
// this one thread, time being packet time.  The same files give the same records. Threads: the
// caller's only.  Memory: as configured.  Errors: told on stderr; the exit status of INTERFACES
// section 2.
#pragma once

#include "control/cli/command_line.h"

namespace tapdeck::apps {

int ingest(const control::IngestRequest& request);

}  // namespace tapdeck::apps
