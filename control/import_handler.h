// The service's side of an import: hands what a client sends to an ImportSink, in order.
// Threads: the client's own.  Memory: one frame.  A client that breaks off, talks nonsense or is
// refused ends the import: what it did not finish is left to the next one.
#pragma once

#include <memory>

#include "base/result.h"
#include "control/frame_io.h"
#include "control/import_sink.h"

namespace tapdeck::control {

// Begins with the answer to kImportBegin and ends with that to kImportFinish; an error when the
// connection is of no more use.
Result<void> serve_import(const Socket& socket, std::unique_ptr<ImportSink> sink);

}  // namespace tapdeck::control
