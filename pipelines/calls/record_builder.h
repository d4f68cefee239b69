// Makes the call record of what is known of a call at this moment.
// Threads: the call-plane thread.  Memory: the record.
#pragma once

#include <cstdint>

#include "model/call.h"
#include "pipelines/calls/call_plane.h"
#include "pipelines/calls/drop_history.h"
#include "pipelines/calls/live_call.h"

namespace tapdeck::calls {

struct RecordVersion {
  std::uint32_t version = 1;
  bool final = false;
};

// As the first decision of policy said that let it be recorded, where there is policy.
std::uint16_t retention_class_of(const LiveCall& state, const CallPlaneOptions& options);

CallRecord build_record(const LiveCall& state,
                        const CallPlaneOptions& options,
                        const DropHistory& drops,
                        const RecordVersion& version);

}  // namespace tapdeck::calls
