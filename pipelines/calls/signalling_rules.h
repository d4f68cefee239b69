// What each SIP message means for its call: dialogs, parties, times, offers and answers, the end.
// Changes the state only; what follows from it for workers and records is Call's business.
//
// Threads: the call-plane thread.  Memory: none of its own.
// RFC 3261, 3262 (PRACK), 3264, 3311 (UPDATE), 3515 (REFER), 4028.
#pragma once

#include <cstdint>

#include "pipelines/calls/live_call.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

// True for messages from which a call may be opened: an INVITE, or what only a call has.
bool may_open_call(const MessageFacts& facts);

// Fills the identity of a fresh state from its first message.
void open_call(LiveCall& state, const SeenMessage& message);

// Takes a message of the call.  `seed` keys the repeat filter.
void apply_message(LiveCall& state, const SeenMessage& message, std::uint64_t seed);

// True when `message` is an INVITE that uses the Call-ID of the ended call for another call.
bool starts_another_call(const LiveCall& state, const SeenMessage& message);

// A CANCEL passed, or a 2xx to one that was missed.
void note_cancel(LiveCall& state, const SeenMessage& message);

// Ends the call; does nothing when it has ended before.
void end_call(LiveCall& state, const CallEnd& end);

// Ended without an answer, by what was said of it.
bool is_refused(const LiveCall& state);

// The caller tries again after a refusal: the call goes on as if it had not been refused.
void reopen_call(LiveCall& state);

}  // namespace tapdeck::calls
