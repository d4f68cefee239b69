// What an entry of the journal says, as `audit list` shows it: who, why, and the facts of its type
// (model/ledger_content.h) under their names there.
// Threads: any.  Memory: returns values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/call_json.h"
#include "model/ledger_content.h"

namespace tapdeck::control {

// ["media","sip","cdr"]
Json parts_to_json(RecordingParts parts);

// "media, sip"
std::string parts_to_text(RecordingParts parts);

Json uids_to_json(const std::vector<Uid>& uids);

Json ledger_content_to_json(const LedgerContent& content);

// "release", "hold"… as LedgerType; nullopt: no such type.
std::optional<LedgerType> parse_ledger_type(std::string_view name);

}  // namespace tapdeck::control
