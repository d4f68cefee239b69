// What policy may know of a call when it decides: a view that the call plane fills.
// Threads: plain data.  Memory: borrowed.  What is not known is empty, and fits no value of a rule.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/call.h"

namespace tapdeck::policy {

struct NumberFacts {
  std::string_view raw;   // as seen: "071155501", "101", "alice"
  std::string_view e164;  // "+4971155501", where it has that form
};

struct HeaderFact {
  std::string_view name;  // as in the message, long or compact
  std::string_view value;
};

struct CallFacts {
  NumberFacts caller;
  NumberFacts callee;  // who was dialled
  NumberFacts asserted;
  NumberFacts diverted;
  std::span<const NumberFacts> more_asserted;  // where there are several
  std::span<const NumberFacts> more_diverted;
  std::string_view trunk;
  CallDirection direction = CallDirection::kUnknown;
  std::string_view agent;
  std::string_view team;
  std::string_view client;
  std::span<const HeaderFact> headers;  // those of PolicySet::header_names() are enough
  std::int64_t time_us = 0;             // UTC, of the first INVITE
  std::string_view call_id;  // what sampling goes by; the same for all legs where it can be
};

}  // namespace tapdeck::policy
