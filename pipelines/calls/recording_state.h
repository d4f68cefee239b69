// Recording assurance: what an ended call's recording may claim, and why not more.  Each call ends
// in exactly one state.
// Threads: any.  Memory: none of its own.
//
// Tolerances: a direction is late, or ends early, when SDP let media flow for more than two seconds
// before its first packet, or after its last; holds do not count as such time.
#pragma once

#include <vector>

#include "model/call.h"
#include "pipelines/calls/live_call.h"

namespace tapdeck::calls {

struct RecordingVerdict {
  RecordingState state = RecordingState::kPending;
  std::vector<RecordingReason> reasons;  // in the order of the enum, each once
  std::vector<RecordingGap> gaps;        // where a direction is missing, starts late or ends early
};

// `rows`: the call's media.  kPending while the call goes on.
RecordingVerdict judge_recording(const LiveCall& state, const std::vector<MediaRecord>& rows);

}  // namespace tapdeck::calls
