#include "pipelines/calls/conversations.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

std::string uuid(char digit) { return std::string(32, digit); }

std::string session(char local, char remote = '0') {
  return "Session-ID: " + uuid(local) + ";remote=" + uuid(remote) + "\r\n";
}

std::string icid(const std::string& value) {
  return "P-Charging-Vector: icid-value=" + value + "\r\n";
}

// A call that is refused at once: INVITE and 486, each with its headers.
void refused_call(Scenario& scenario,
                  double time_s,
                  const std::string& name,
                  const std::string& headers,
                  const std::string& response_headers = {}) {
  scenario.from_caller(time_s, {.call_id = name, .from_tag = name + "-a", .headers = headers});
  scenario.from_callee(time_s + 0.1,
                       {.status = 486,
                        .call_id = name,
                        .from_tag = name + "-a",
                        .to_tag = name + "-b",
                        .headers = response_headers});
  scenario.from_caller(
      time_s + 0.2,
      {.method = "ACK", .call_id = name, .from_tag = name + "-a", .to_tag = name + "-b"});
}

TEST(Conversations, OneSessionIdIsOneConversation) {
  Scenario scenario;
  refused_call(scenario, 0, "c1", session('a'));
  refused_call(scenario, 0.05, "c2", session('A'));
  refused_call(scenario, 0.06, "c3", session('b'));
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c1"].conversation_id, to_string(calls["c1"].uid)) << "named after the first";
  EXPECT_EQ(calls["c2"].conversation_id, calls["c1"].conversation_id);
  EXPECT_EQ(calls["c1"].joined_by_method, "session_id");
  EXPECT_EQ(calls["c2"].joined_by_method, "session_id");
  EXPECT_EQ(calls["c2"].joined_by_score, 1.0);
  EXPECT_EQ(calls["c3"].conversation_id, to_string(calls["c3"].uid));
  EXPECT_TRUE(calls["c3"].joined_by_method.empty()) << "nobody else is there";
  EXPECT_EQ(scenario.plane->figures().conversations.joined, 1U);
}

TEST(Conversations, ARecordingSessionBelongsToTheCallThatItBeginsWith) {
  Scenario scenario;
  const auto recording = [&](double time_s, int cseq, const std::string& to_tag, char digit) {
    scenario.from_caller(time_s,
                         {.cseq = cseq,
                          .call_id = "rs",
                          .to_tag = to_tag,
                          .branch = "z9hG4bK" + std::to_string(cseq),
                          .sdp = "<recording><session><sipSessionID>" + uuid(digit) +
                                 "</sipSessionID></session></recording>",
                          .type = "application/rs-metadata+xml"});
  };
  refused_call(scenario, 0, "c1", session('a'));
  refused_call(scenario, 0.05, "c2", session('b'));
  recording(1, 1, "", 'a');
  scenario.from_callee(2, {.status = 200, .call_id = "rs", .to_tag = "bob"});
  recording(3, 2, "bob", 'b');
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["rs"].conversation_id, calls["c1"].conversation_id);
  EXPECT_EQ(calls["rs"].joined_by_method, "session_id");
  EXPECT_NE(calls["c2"].conversation_id, calls["c1"].conversation_id);
}

TEST(Conversations, ALegThatIsLongOverHasTheNameAlready) {
  Scenario scenario;
  refused_call(scenario, 0, "c1", session('a'));
  scenario.advance(300);
  ASSERT_EQ(scenario.finals().size(), 1U);
  refused_call(scenario, 310, "c2", session('a'));
  scenario.advance(400);
  refused_call(scenario, 1'500, "c3", session('a'));
  scenario.finish(1'600);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c2"].conversation_id, calls["c1"].conversation_id);
  EXPECT_NE(calls["c3"].conversation_id, calls["c1"].conversation_id) << "forgotten by then";
}

TEST(Conversations, TheRemoteHalfJoinsWhatSeemedTwo) {
  Scenario scenario;
  scenario.from_caller(
      0, {.call_id = "c1", .from_tag = "x", .headers = session('a'), .sdp = sdp({{}})});
  scenario.from_caller(
      1, {.call_id = "c2", .from_tag = "y", .headers = session('b'), .sdp = sdp({{}})});
  scenario.from_callee(2,
                       {.status = 200,
                        .call_id = "c2",
                        .from_tag = "y",
                        .to_tag = "z",
                        .headers = session('a', 'b'),
                        .sdp = sdp({callee_line()})});
  scenario.from_callee(3,
                       {.status = 200,
                        .call_id = "c1",
                        .from_tag = "x",
                        .to_tag = "w",
                        .headers = session('b', 'a'),
                        .sdp = sdp({callee_line()})});
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c2"].conversation_id, to_string(calls["c1"].uid));
  EXPECT_EQ(calls["c1"].conversation_id, to_string(calls["c1"].uid));
  EXPECT_EQ(calls["c1"].joined_by_method, "session_id");
  EXPECT_EQ(scenario.plane->figures().conversations.merged, 1U);
}

TEST(Conversations, AnAnsweredRecordIsFollowedByAnotherVersion) {
  Scenario scenario;
  scenario.from_caller(0, {.headers = session('a'), .sdp = sdp({{}})});
  scenario.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  ASSERT_EQ(scenario.records.size(), 1U);
  EXPECT_TRUE(scenario.records[0].joined_by_method.empty());
  refused_call(scenario, 2, "c2", session('a'));
  ASSERT_GE(scenario.records.size(), 2U);
  EXPECT_EQ(scenario.records[1].call_id, "call-1");
  EXPECT_EQ(scenario.records[1].version, 2U);
  EXPECT_EQ(scenario.records[1].joined_by_method, "session_id");
}

TEST(Conversations, IcidJoinsWhereNoSessionIdSaysOtherwise) {
  Scenario scenario;
  refused_call(scenario, 0, "c1", icid("77"));
  refused_call(scenario, 0.01, "c2", icid("77"));
  refused_call(scenario, 0.02, "c3", session('a') + icid("88"));
  refused_call(scenario, 0.03, "c4", session('b') + icid("88"));
  refused_call(scenario, 0.04, "c5", icid("88"));
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c2"].conversation_id, calls["c1"].conversation_id);
  EXPECT_EQ(calls["c2"].joined_by_method, "icid");
  EXPECT_NE(calls["c3"].conversation_id, calls["c4"].conversation_id);
  EXPECT_EQ(calls["c5"].conversation_id, calls["c3"].conversation_id);
}

TEST(Conversations, WhatEveryCallHasJoinsNone) {
  CallPlaneOptions options;
  options.conversation_legs_max = 3;
  Scenario scenario(std::move(options));
  for (int i = 0; i < 6; ++i) {
    refused_call(scenario, 0.01 * i, "c" + std::to_string(i), icid("same"));
  }
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c0"].conversation_id, to_string(calls["c0"].uid)) << "it began its own";
  for (int i = 1; i < 6; ++i) {
    const CallRecord& call = calls["c" + std::to_string(i)];
    EXPECT_TRUE(call.conversation_id.empty()) << i;
    EXPECT_EQ(call.joined_by_method, "icid") << i;
    EXPECT_EQ(call.joined_by_score, 0.0) << "told, and not believed";
  }
  EXPECT_EQ(scenario.plane->figures().conversations.refused, 5U);
}

TEST(Conversations, AConferenceKeepsTheLegsThatItMayHave) {
  CallPlaneOptions options;
  options.conversation_legs_max = 3;
  Scenario scenario(std::move(options));
  for (int i = 0; i < 5; ++i) {
    refused_call(scenario, 0.01 * i, "c" + std::to_string(i), session('f'));
  }
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c2"].conversation_id, calls["c0"].conversation_id);
  EXPECT_TRUE(calls["c3"].conversation_id.empty());
  EXPECT_EQ(calls["c4"].joined_by_score, 0.0);
}

TEST(Conversations, AConfiguredHeaderJoins) {
  CallPlaneOptions options;
  options.conversation_headers = {"X-Call"};
  Scenario scenario(std::move(options));
  refused_call(scenario, 0, "c1", "X-Call: 1\r\n");
  refused_call(scenario, 0.01, "c2", "x-call: 1\r\n");
  refused_call(scenario, 0.02, "c3", "X-Call: 2\r\n");
  scenario.finish(5);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["c2"].conversation_id, calls["c1"].conversation_id);
  EXPECT_EQ(calls["c2"].joined_by_method, "header");
  EXPECT_NE(calls["c3"].conversation_id, calls["c1"].conversation_id);
}

TEST(Conversations, IsBoundedAndForgetsWhatIsIdleLongest) {
  CallPlaneOptions options;
  options.calls_max = 4;
  Scenario scenario(std::move(options));
  for (int i = 0; i < 20; ++i) {
    refused_call(scenario, 40.0 * i, "c" + std::to_string(i), icid(std::to_string(i)));
    scenario.advance(40.0 * i + 39);
  }
  const ConversationFigures figures = scenario.plane->figures().conversations;
  EXPECT_LE(figures.known, 4U);
  EXPECT_GT(figures.evicted, 0U);
  refused_call(scenario, 801, "again", icid("19"));
  scenario.finish(900);
  auto calls = scenario.finals_by_call_id();
  EXPECT_EQ(calls["again"].conversation_id, calls["c19"].conversation_id) << "the newest is there";
}

TEST(JoinMethod, NamesAreKnownAgain) {
  for (const JoinMethod method : {JoinMethod::kSessionId,
                                  JoinMethod::kIcid,
                                  JoinMethod::kHeader,
                                  JoinMethod::kReplaces,
                                  JoinMethod::kTransfer}) {
    EXPECT_EQ(known_join_method(join_method_name(method)), join_method_name(method));
  }
  EXPECT_TRUE(known_join_method("magic").empty());
}

}  // namespace
}  // namespace tapdeck::calls
