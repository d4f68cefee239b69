// An event: one SIP transaction that belongs to no call (REGISTER, OPTIONS, SUBSCRIBE, NOTIFY,
// MESSAGE, PUBLISH), the request and how it was answered, under the names of the JSON fields.  And
// the filters with which events are found.
// Absent facts are nullopt or empty.  Times are UTC microseconds.  Versioned encoding:
// model/event_codec.h.  Threads: plain values.  Memory: strings; never on a worker.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/signal.h"

namespace tapdeck {

enum class EventMethod : std::uint8_t {
  kRegister = 0,
  kOptions = 1,
  kSubscribe = 2,
  kNotify = 3,
  kMessage = 4,
  kPublish = 5,
};

constexpr std::size_t kEventMethods = 6;

std::string_view event_method_name(EventMethod method);  // "REGISTER"...

// Of a name in either case; nullopt for any other word.
std::optional<EventMethod> parse_event_method(std::string_view name);

struct EventParty {
  std::string number;  // user part, without parameters and visual separators
  std::string e164;    // empty when the plan of numbers has no such form of it
  std::string name;    // display name
  std::string uri;
};

struct EventRecord {
  Uid uid{};                 // begins with the milliseconds of `time_us`
  std::int64_t time_us = 0;  // of the request when it was first seen
  EventMethod method = EventMethod::kRegister;
  EventParty from;
  EventParty to;  // of a REGISTER: the address of record
  Endpoint source{};
  Endpoint destination{};
  std::optional<std::uint16_t> status_code;  // of the final response; nullopt: none was seen
  std::string reason;                        // its phrase
  std::optional<std::int64_t> answered_us;
  std::string user_agent;                  // of who asked
  std::string server;                      // of who answered
  std::string contact;                     // URI
  std::optional<std::uint32_t> expires_s;  // asked for, or granted where it was answered
  std::string event_package;               // of SUBSCRIBE, NOTIFY, PUBLISH: "presence"
  std::string call_id;
  std::uint32_t requests = 1;  // seen: with retransmissions and copies of other hops
  RealmId realm = 0;
  std::string realm_name;
  std::string node;
  std::string port;
  std::optional<std::uint16_t> vlan;
  SignalTransport transport = SignalTransport::kUdp;
  std::optional<std::int64_t> kept_until_us;  // nullopt: until there is no room for it
};

struct EventQuery {
  std::string number = {};  // of who asked or was asked; trailing '*' means prefix
  std::string number_e164 = {};
  std::optional<IpAddress> ip = {};  // from where or to where it went
  std::optional<EventMethod> method = {};
  std::optional<std::uint16_t> status_code = {};
  std::optional<std::int64_t> from_us = {};  // inclusive
  std::optional<std::int64_t> to_us = {};    // exclusive
  std::uint32_t limit = 0;                   // 0: all
  std::string cursor = {};                   // opaque, from EventPage; empty: from the start
};

struct EventPage {
  std::vector<EventRecord> events;  // oldest first
  std::string next_cursor;          // empty: no more
};

// All numbers under which an event is found: as search_number() gives them, without duplicates.
std::vector<std::string> searchable_numbers(const EventRecord& event);

// True when every set filter but limit and cursor holds.
bool matches(const EventQuery& query, const EventRecord& event);

}  // namespace tapdeck
