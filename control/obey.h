// One request about the life of recordings, done by the desk, and its answer as JSON text: the same
// for who asks over the control socket and for who has the store open.
// Threads: any.  Memory: the answer.  Errors: those of the desk.
#pragma once

#include <string>

#include "base/result.h"
#include "control/retention_codec.h"
#include "model/ledger_content.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::control {

Result<std::string> obey(retention::RetentionDesk& desk,
                         const RetentionRequest& request,
                         const LedgerActor& actor);

}  // namespace tapdeck::control
