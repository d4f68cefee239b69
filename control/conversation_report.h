// The other legs of a call's conversation, as `show` gives them: who is in which leg, and one
// ladder of all messages.
// Threads: any.  Memory: all messages of up to kLegsShownMax legs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/call_json.h"
#include "model/call.h"
#include "storage/message_record.h"
#include "storage/store_access.h"

namespace tapdeck::control {

constexpr std::uint32_t kLegsShownMax = 64;

struct ConversationLeg {
  std::string name;  // "L1", by start
  CallRecord call;
  std::vector<storage::MessageRecord> messages;
};

struct ConversationReport {
  std::vector<ConversationLeg> legs;  // the call itself among them; empty: it is alone
  bool more = false;                  // beyond kLegsShownMax
};

// What cannot be read becomes a fault in `faults`.
ConversationReport read_conversation(storage::StoreAccess& store,
                                     const CallRecord& call,
                                     std::vector<std::string>& faults);

// {id, more, legs: [{leg, call, call_id, joined_by, start, caller, callee, outcome}], messages: as
// message_to_json() with the leg before}; null when the call is alone.
Json conversation_to_json(const CallRecord& call, const ConversationReport& report);

// A table of the legs, and their ladder.
std::string conversation_to_text(const CallRecord& call, const ConversationReport& report);

}  // namespace tapdeck::control
