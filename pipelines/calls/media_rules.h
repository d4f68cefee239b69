// What the session description in a message means: whose it is, whether it is an offer or in force,
// and from when on media may flow or are on hold.
// Threads: the call-plane thread.  Memory: none of its own.  RFC 3264, 3262, 3311.
#pragma once

#include <cstdint>

#include "pipelines/calls/live_call.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

// The two ends of a transaction.
struct Ends {
  std::uint8_t requester = 0;
  std::uint8_t responder = 1;
};

// By tags; an unknown From tag belongs to the callee's side.
Ends ends_of(LiveCall& state, const MessageFacts& facts);

void apply_request_session(LiveCall& state, const SeenMessage& message, const Ends& ends);
void apply_response_session(LiveCall& state, const SeenMessage& message, const Ends& ends);

// An INVITE of the caller passed elsewhere: it offers what the first one did.
void offer_again(LiveCall& state, const SeenMessage& response);

// Brings hold and the directions that may carry media up to date; before the answer nothing counts.
void update_timelines(LiveCall& state, std::int64_t time_ns);

}  // namespace tapdeck::calls
