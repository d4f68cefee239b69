// An event with every field set, for tests that write and read events.
#pragma once

#include "model/event.h"

namespace tapdeck::testing {

inline EventRecord sample_event() {
  EventRecord event;
  event.uid = make_uid(1'700'000'000'123, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  event.time_us = 1'700'000'000'123'456;
  event.method = EventMethod::kRegister;
  event.from = {"1001", "+49711001", "Alice \"A\"", "sip:1001@example.org"};
  event.to = {"1001", "", "", "sip:1001@example.org"};
  event.source = {make_ipv4(0x0a000001), 5060};
  event.destination = {*parse_ip("2001:db8::1"), 5061};
  event.status_code = 401;
  event.reason = "Unauthorized";
  event.answered_us = 1'700'000'000'200'000;
  event.user_agent = "Phone/1";
  event.server = "Registrar/2";
  event.contact = "sip:1001@10.0.0.1:5060";
  event.expires_s = 3'600;
  event.event_package = "presence";
  event.call_id = "reg-1@example.org";
  event.requests = 2;
  event.realm = 3;
  event.realm_name = "red";
  event.node = "tap";
  event.port = "mirror";
  event.vlan = 77;
  event.transport = SignalTransport::kTcp;
  event.kept_until_us = 1'702'592'000'123'456;
  return event;
}

}  // namespace tapdeck::testing
