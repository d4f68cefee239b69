// Edges from a call to other calls as its own messages tell them: REFER and what became of it,
// redirections, and who is at the other end after a transfer that was done behind the far end.
// What ties two calls together is CallLinks' business.
//
// Threads: the call-plane thread.  Memory: at most kEdgesMax edges a call; further ones are left
// out.
// RFC 3515, 3891, 3261 section 8.1.3.4.
#pragma once

#include <cstdint>

#include "pipelines/calls/live_call.h"
#include "pipelines/calls/media_rules.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

constexpr std::size_t kEdgesMax = 32;

// nullptr: there is no room.  Borrowed until the next one is added.
LiveEdge* add_edge(LiveCall& state, CallEdge edge);

// Who has sent a REFER outside of the call's dialogs, whose tags say nothing of it.
[[nodiscard]] Ends ends_outside(const LiveCall& state, const MessageFacts& refer);
void apply_refer(LiveCall& state, const SeenMessage& message, const Ends& ends);
void apply_refer_response(LiveCall& state, const SeenMessage& message);
// What became of a transfer is not known yet: who was asked for it will say so, perhaps only after
// who asked has hung up.
[[nodiscard]] bool awaits_transfer(const LiveCall& state);
void apply_refer_notify(LiveCall& state, const SeenMessage& message);

// A 3xx to the INVITE, and the caller's next attempt, which may follow it.
void apply_redirect(LiveCall& state, const SeenMessage& message);
void note_followed_redirect(LiveCall& state, const MessageFacts& invite);

// `party` says within an answered call who it is: somebody else than before has taken its place.
void note_connected_identity(LiveCall& state, const SeenMessage& message, std::uint8_t party);

// The edges as the record has them: what the call's own fate decides is told.
std::vector<CallEdge> edge_records(const LiveCall& state);

}  // namespace tapdeck::calls
