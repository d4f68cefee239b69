// The filters of INTERFACES section 2, from the words of a command line to a CallQuery.
// Threads: any.  Memory: strings.  Bad words: kInvalidArgument with a sentence that names the
// option, what was given and what is accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/call_query.h"

namespace tapdeck::control {

// The values as written; empty: not given.
struct FilterWords {
  std::string number = {};
  std::string caller = {};
  std::string callee = {};
  std::string from = {};
  std::string to = {};
  bool overlap = false;
  std::string call_id = {};
  std::string uid = {};
  std::string conversation = {};
  std::string outcome = {};
  std::string direction = {};
  std::string agent = {};
  std::string client = {};
  std::string marketing_channel = {};
  std::string trunk = {};
  std::string tag = {};
  std::string ip = {};
  std::string codec = {};
  std::string status_code = {};
  std::string min_duration = {};
  std::string max_mos = {};
  std::string recording = {};
};

// `zone` is an IANA name ("Europe/Berlin"); bare dates are its days.  `region`: whose local forms
// numbers are ("DE"); empty: they are looked for as they are written alone.
Result<CallQuery> parse_filters(const FilterWords& words,
                                std::string_view zone,
                                std::string_view region = {});

// RFC 3339, or YYYY-MM-DD: the first instant of that day in `zone`, or of the day after it where
// `after_date` (an exclusive bound that covers the whole day).
enum class BareDate : std::uint8_t { kFirstInstant, kDayAfter };
Result<std::int64_t> parse_time(std::string_view text, std::string_view zone, BareDate bare_date);

// "1500ms", "90s", "5m", "1h30m", or plain seconds ("90", "1.5"); in milliseconds.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);

}  // namespace tapdeck::control
