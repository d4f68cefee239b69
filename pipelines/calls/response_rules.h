// What responses mean: provisional ones, answers, refusals, and the outcome that follows.
// Threads: the call-plane thread.  Memory: none of its own.  RFC 3261 sections 13, 16.7, 21.
#pragma once

#include <cstdint>

#include "model/call.h"
#include "pipelines/calls/live_call.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

void apply_response(LiveCall& state, const SeenMessage& message);

// The outcome that a final response other than 2xx gives a call nobody cancelled.
CallOutcome outcome_of_failure(std::uint16_t status);

// True for refusals after which a caller tries again with the same Call-ID.
bool invites_another_attempt(std::uint16_t status);

}  // namespace tapdeck::calls
