// One call in full, as `show` gives it: text for a person, or one JSON object.
// Threads: any.  Memory: all messages of the call.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/call_json.h"
#include "control/conversation_report.h"
#include "model/call.h"
#include "storage/message_record.h"
#include "storage/store_access.h"

namespace tapdeck::control {

struct CallReport {
  CallRecord call;                   // the newest version
  std::vector<CallRecord> versions;  // oldest first, newest included
  std::vector<storage::MessageRecord> messages;
  std::vector<storage::StreamDurability> durability;
  ConversationReport conversation;
  std::vector<std::string> faults;  // what could not be read, one sentence each
};

// kNotFound: no such call.  Messages that cannot be read become faults.
Result<CallReport> read_call_report(storage::StoreAccess& store, const Uid& uid);

// The call's JSON with `durable_until` in its media[] rows, and behind it `messages`, `durability`
// (every stream, also those that media[] does not have yet), `versions`, `conversation` (null: it
// is alone) and `faults`.
Json report_to_json(const CallReport& report);

// Facts, parties, message ladder, the other legs, media and quality, recording.  Times in `zone`.
std::string report_to_text(const CallReport& report, std::string_view zone);

}  // namespace tapdeck::control
