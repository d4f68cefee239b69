// What is done with the SIP transactions that belong to no call, and what is counted of them.
// Threads: plain values; the counters have one writer, the call-plane thread.  Memory: none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/counter_table.h"
#include "model/event.h"
#include "pipelines/signalling/headers.h"

namespace tapdeck::calls {

struct EventOptions {
  std::array<bool, kEventMethods> kept{};    // stored; the others are counted
  std::uint32_t pending_max = 16'384;        // transactions tracked at once
  std::uint32_t registrations_max = 65'536;  // 0: devices are not told
  std::int64_t retention_us = 0;             // of a stored event; 0: while there is room
};

// X(enumerator, name, help).  The first rows are the methods, in the order of EventMethod.
#define TD_EVENT_COUNTS(X)                                                                      \
  X(kRegister, register, "requests: REGISTER")                                                  \
  X(kOptions, options, "requests: OPTIONS of no call")                                          \
  X(kSubscribe, subscribe, "requests: SUBSCRIBE of no call")                                    \
  X(kNotify, notify, "requests: NOTIFY of no call")                                             \
  X(kMessage, message, "requests: MESSAGE of no call")                                          \
  X(kPublish, publish, "requests: PUBLISH")                                                     \
  X(kResponses, responses, "responses to these")                                                \
  X(kAnswered, answered, "transactions: with their final response")                             \
  X(kUnanswered, unanswered, "transactions: no final response within 32 s")                     \
  X(kEvicted, evicted_event, "transactions: unanswered, forgotten to make room")                \
  X(kRegistrationEvicted, evicted_registration, "registrations: forgotten before they expired") \
  X(kRegistrationExpired, expired_registration, "registrations: expired")

TD_COUNTER_TABLE(EventCount, kEventCountNames, TD_EVENT_COUNTS)

constexpr EventCount count_of(EventMethod method) { return static_cast<EventCount>(method); }

static_assert(count_of(EventMethod::kPublish) == EventCount::kPublish);

using EventCounters = CounterTable<EventCount>;

// Nothing for the methods that calls are made of.
constexpr std::optional<EventMethod> event_method_of(sip::Method method) {
  switch (method) {
    case sip::Method::kRegister: return EventMethod::kRegister;
    case sip::Method::kOptions: return EventMethod::kOptions;
    case sip::Method::kSubscribe: return EventMethod::kSubscribe;
    case sip::Method::kNotify: return EventMethod::kNotify;
    case sip::Method::kMessage: return EventMethod::kMessage;
    case sip::Method::kPublish: return EventMethod::kPublish;
    default: return std::nullopt;
  }
}

}  // namespace tapdeck::calls
