// The filters of `events`, from the words of a command line to an EventQuery: those of calls as far
// as an event has such facts, and the method.
// Threads: any.  Memory: strings.  Bad words: kInvalidArgument with a sentence that names the
// option, what was given and what is accepted.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/event.h"

namespace tapdeck::control {

// The values as written; empty: not given.
struct EventWords {
  std::string number = {};
  std::string from = {};
  std::string to = {};
  std::string ip = {};
  std::string method = {};
  std::string status_code = {};
};

// `zone` and `region` as parse_filters() takes them.
Result<EventQuery> parse_event_filters(const EventWords& words,
                                       std::string_view zone,
                                       std::string_view region = {});

}  // namespace tapdeck::control
