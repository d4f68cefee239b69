#include "control/event_filters.h"

#include <utility>

#include "control/filters.h"

namespace tapdeck::control {

Result<EventQuery> parse_event_filters(const EventWords& words,
                                       std::string_view zone,
                                       std::string_view region) {
  FilterWords shared;
  shared.number = words.number;
  shared.from = words.from;
  shared.to = words.to;
  shared.ip = words.ip;
  shared.status_code = words.status_code;
  auto parsed = parse_filters(shared, zone, region);
  if (!parsed) return Error(parsed.error());
  EventQuery query;
  query.number = std::move(parsed->number);
  query.number_e164 = std::move(parsed->number_e164);
  query.from_us = parsed->from_us;
  query.to_us = parsed->to_us;
  query.ip = parsed->ip;
  query.status_code = parsed->status_code;
  if (words.method.empty()) return query;
  query.method = parse_event_method(words.method);
  if (query.method) return query;
  return make_error(ErrorCode::kInvalidArgument,
                    "--method: '" + words.method.substr(0, 80) +
                        "' is not one of REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, MESSAGE, PUBLISH.");
}

}  // namespace tapdeck::control
