// How commands ask about the life of recordings and change it: through the process that owns the
// store, or through a desk on the store itself when nobody does.
// Threads: one caller at a time.  Memory: the answer.  Errors: as of reach_store() and of the desk.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "control/retention_codec.h"
#include "control/settings.h"
#include "model/call.h"

namespace tapdeck::control {

class RetentionAccess {
 public:
  virtual ~RetentionAccess() = default;

  // One JSON object (control/retention_json.h).
  virtual Result<std::string> ask(const RetentionRequest& request) = 0;

  // Whether the log has this call; kNotFound.
  virtual Result<CallRecord> get_call(const Uid& uid) = 0;
};

Result<std::unique_ptr<RetentionAccess>> open_retention(const Settings& settings);

}  // namespace tapdeck::control
