#include "control/event_json.h"

#include "control/json_values.h"

namespace tapdeck::control {
namespace {

Json party_to_json(const EventParty& party) {
  return Json{{"number", text_or_null(party.number)},
              {"e164", text_or_null(party.e164)},
              {"name", text_or_null(party.name)},
              {"uri", text_or_null(party.uri)}};
}

Json response_ms(const EventRecord& event) {
  return event.answered_us ? Json((*event.answered_us - event.time_us) / kUsPerMs) : Json(nullptr);
}

}  // namespace

Json event_to_json(const EventRecord& event) {
  return Json{{"schema", kEventSchema},
              {"uid", to_string(event.uid)},
              {"time", format_rfc3339_us(event.time_us)},
              {"method", event_method_name(event.method)},
              {"from", party_to_json(event.from)},
              {"to", party_to_json(event.to)},
              {"src", to_string(event.source)},
              {"dst", to_string(event.destination)},
              {"status_code", value_or_null(event.status_code)},
              {"reason", text_or_null(event.reason)},
              {"answered", time_or_null(event.answered_us)},
              {"response_ms", response_ms(event)},
              {"user_agent", text_or_null(event.user_agent)},
              {"server", text_or_null(event.server)},
              {"contact", text_or_null(event.contact)},
              {"expires_s", value_or_null(event.expires_s)},
              {"event_package", text_or_null(event.event_package)},
              {"call_id", text_or_null(event.call_id)},
              {"requests", event.requests},
              {"realm", text_or_null(event.realm_name)},
              {"node", text_or_null(event.node)},
              {"port", text_or_null(event.port)},
              {"vlan", value_or_null(event.vlan)},
              {"transport", transport_name(event.transport)},
              {"kept_until", time_or_null(event.kept_until_us)}};
}

}  // namespace tapdeck::control
