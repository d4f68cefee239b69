// What a message claims becomes part of what is known of its call: identities, PASSporTs,
// Session-ID, P-Charging-Vector, Reason and configured header fields, each once.
//
// Threads: the call-plane thread.  Memory: CallClaims, made with the first claim; its lists are
// bounded, what comes beyond is counted in it.
#pragma once

#include <cstdint>

#include "pipelines/calls/live_call.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

constexpr std::size_t kIdentitiesMax = 24;
constexpr std::size_t kPassportsMax = 4;
constexpr std::size_t kReasonsMax = 8;
constexpr std::size_t kKeptHeadersMax = 32;

// `message.facts.claims` is there; `party` sent the message.
void note_claims(LiveCall& state, const SeenMessage& message, std::uint8_t party);

// `answer` is a 2xx: whom the network led the call to that `party` answered, by the INVITE of that
// hop, where it is none of the numbers that are known.
void note_target(LiveCall& state, const SeenMessage& answer, std::uint8_t party);

}  // namespace tapdeck::calls
