#include "control/event_rows.h"

#include <utility>

#include "control/zone.h"

namespace tapdeck::control {
namespace {

std::string who(const EventParty& party) { return party.number.empty() ? party.uri : party.number; }

}  // namespace

EventTable::EventTable(std::string zone)
    : zone_(std::move(zone)),
      table_({{"TIME", Align::kLeft},
              {"METHOD", Align::kLeft},
              {"FROM", Align::kLeft},
              {"TO", Align::kLeft},
              {"SOURCE", Align::kLeft},
              {"DESTINATION", Align::kLeft},
              {"CODE", Align::kRight},
              {"USER AGENT", Align::kLeft}}) {}

std::string EventTable::render(const std::vector<EventRecord>& events) {
  std::vector<std::vector<std::string>> rows;
  for (const EventRecord& event : events) {
    rows.push_back({format_local_ms(event.time_us, zone_),
                    std::string(event_method_name(event.method)),
                    who(event.from),
                    who(event.to),
                    to_string(event.source),
                    to_string(event.destination),
                    event.status_code ? std::to_string(*event.status_code) : "",
                    event.user_agent});
    for (std::string& cell : rows.back()) cell = to_printable(cell);
  }
  return table_.render(rows);
}

}  // namespace tapdeck::control
