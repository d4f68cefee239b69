#include "pipelines/calls/event_log.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

CallPlaneOptions keep_all() {
  CallPlaneOptions options;
  options.events.kept.fill(true);
  return options;
}

Sip request(const std::string& method, const std::string& call_id = "event-1") {
  return {.method = method,
          .call_id = call_id,
          .headers = "User-Agent: Phone/1\r\nContact: <sip:200@10.1.0.1:5070>\r\n",
          .from = "\"Alice\" <sip:200@example.org>",
          .to = "<sip:200@example.org>"};
}

Sip response(const std::string& method, int status, const std::string& call_id = "event-1") {
  Sip sip = request(method, call_id);
  sip.status = status;
  sip.to_tag = "registrar";
  sip.headers = "Server: Registrar/2\r\n";
  return sip;
}

TEST(EventLog, ATransactionIsOneEventHoweverOftenItIsSeen) {
  Scenario play(keep_all());
  play.from_caller(0, request("OPTIONS"));
  play.from_caller(0.5, request("OPTIONS"));
  play.from_callee(0.6, response("OPTIONS", 100));
  play.from_callee(0.7, response("OPTIONS", 200));
  play.from_callee(0.8, response("OPTIONS", 200));
  play.from_caller(0.9, request("OPTIONS"));
  ASSERT_EQ(play.events.size(), 1U);
  const EventRecord& event = play.events[0];
  EXPECT_EQ(event.method, EventMethod::kOptions);
  EXPECT_EQ(event.time_us, at_us(0));
  EXPECT_EQ(event.answered_us, at_us(0.7));
  EXPECT_EQ(event.status_code, 200);
  EXPECT_EQ(event.requests, 2U);
  EXPECT_EQ(event.user_agent, "Phone/1");
  EXPECT_EQ(event.server, "Registrar/2");
  EXPECT_EQ(event.from.name, "Alice");
  EXPECT_EQ(event.from.number, "200");
  EXPECT_EQ(event.contact, "sip:200@10.1.0.1:5070");
  EXPECT_EQ(to_string(event.source), "10.1.0.1:5060");
  EXPECT_EQ(event.port, "span0");
  EXPECT_EQ(play.event_count("options"), 3U);
  EXPECT_EQ(play.event_count("responses"), 3U);
  EXPECT_EQ(play.event_count("answered"), 1U);
  EXPECT_EQ(play.rejected("no_call"), 0U);
}

TEST(EventLog, EachMethodHasItsCount) {
  Scenario play(keep_all());
  for (std::size_t i = 0; i < kEventMethods; ++i) {
    const std::string method(event_method_name(static_cast<EventMethod>(i)));
    play.from_caller(static_cast<double>(i), request(method, method));
    EXPECT_EQ(play.event_count(std::string(kEventCountNames[i].name)), 1U) << method;
  }
  play.finish(40);
  EXPECT_EQ(play.events.size(), kEventMethods);
  EXPECT_EQ(play.event_count("unanswered"), kEventMethods);
}

TEST(EventLog, WhatIsNotKeptIsCountedAlone) {
  Scenario play;
  play.from_caller(0, request("MESSAGE"));
  play.from_callee(1, response("MESSAGE", 202));
  EXPECT_TRUE(play.events.empty());
  EXPECT_EQ(play.event_count("message"), 1U);
  EXPECT_EQ(play.event_count("answered"), 0U) << "nothing is remembered of it";
  EXPECT_EQ(play.plane->figures().events_pending, 0U);
}

TEST(EventLog, AnUnansweredOneIsToldAfter32Seconds) {
  Scenario play(keep_all());
  play.from_caller(0, request("SUBSCRIBE"));
  play.advance(31.9);
  EXPECT_TRUE(play.events.empty());
  play.advance(32);
  ASSERT_EQ(play.events.size(), 1U);
  EXPECT_FALSE(play.events[0].status_code);
  EXPECT_EQ(play.plane->figures().events_pending, 0U);
}

TEST(EventLog, AFloodIsForgottenBeforeOthers) {
  CallPlaneOptions options = keep_all();
  options.events.pending_max = 4;
  Scenario play(options);
  play.from_caller(0, request("REGISTER", "real"));
  for (int i = 0; i < 20; ++i) {
    play.pass(1, request("REGISTER", "flood" + std::to_string(i)), "203.0.113.9", "10.1.0.2");
  }
  EXPECT_EQ(play.plane->figures().events_pending, 4U);
  EXPECT_EQ(play.event_count("evicted_event"), 17U);
  play.from_callee(2, response("REGISTER", 200, "real"));
  ASSERT_EQ(play.events.size(), 1U);
  EXPECT_EQ(play.events[0].call_id, "real");
}

TEST(EventLog, ARequestWithinACallIsTheCalls) {
  Scenario play(keep_all());
  play.establish();
  Sip options = request("OPTIONS", "call-1");
  options.to_tag = "bob";
  play.from_caller(5, options);
  EXPECT_EQ(play.event_count("options"), 0U);
  play.hang_up(6, true);
  play.advance(9);
  play.from_caller(10, options);
  EXPECT_EQ(play.event_count("options"), 0U);
  EXPECT_EQ(play.rejected("late"), 1U);
}

TEST(EventLog, APartyOfACallShowsTheDeviceThatRegistered) {
  Scenario play;
  Sip first = request("REGISTER", "reg");
  first.from = first.to = "<sip:+49711100@example.org>";
  first.headers = "User-Agent: Phone/1\r\nContact: <sip:x@10.1.0.1:5070>;expires=600\r\n";
  play.from_caller(0, first);
  Sip answer = response("REGISTER", 200, "reg");
  answer.headers = "Contact: <sip:x@10.1.0.1:5070>;expires=60\r\n";
  play.from_callee(1, answer);
  EXPECT_EQ(play.plane->figures().registrations, 1U);
  play.establish(10);
  play.hang_up(20, true);
  play.advance(60);
  const CallRecord record = play.final_record();
  ASSERT_NE(record.parties[0].device, nullptr);
  const Device& device = *record.parties[0].device;
  EXPECT_EQ(device.user_agent, "Phone/1");
  EXPECT_EQ(device.contact, "sip:x@10.1.0.1:5070");
  EXPECT_EQ(to_string(device.address), "10.1.0.1:5060");
  EXPECT_EQ(device.expires_us, at_us(61)) << "what the registrar grants counts";
  EXPECT_EQ(record.parties[1].device, nullptr);
}

TEST(EventLog, ARegistrationThatIsRefusedOrTakenBackIsNone) {
  Scenario play;
  play.from_caller(0, request("REGISTER", "a"));
  play.from_callee(1, response("REGISTER", 403, "a"));
  EXPECT_EQ(play.plane->figures().registrations, 0U);
  play.from_caller(2, request("REGISTER", "b"));
  play.from_callee(3, response("REGISTER", 200, "b"));
  EXPECT_EQ(play.plane->figures().registrations, 1U);
  Sip query = request("REGISTER", "c");
  query.headers = "";
  play.from_caller(4, query);
  play.from_callee(5, response("REGISTER", 200, "c"));
  EXPECT_EQ(play.plane->figures().registrations, 1U) << "it only asked";
  Sip end = request("REGISTER", "d");
  end.headers = "Contact: *\r\nExpires: 0\r\n";
  play.from_caller(6, end);
  play.from_callee(7, response("REGISTER", 200, "d"));
  EXPECT_EQ(play.plane->figures().registrations, 0U);
}

}  // namespace
}  // namespace tapdeck::calls
