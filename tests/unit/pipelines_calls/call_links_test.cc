#include "pipelines/calls/call_links.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

struct CallNumbers {
  std::string from = "100";
  std::string to = "200";
};

// An INVITE of `name` from one number to another, with these headers.
Sip invite(const std::string& name, const CallNumbers& ends, const std::string& headers = {}) {
  return {.call_id = name,
          .from_tag = name + "-a",
          .headers = headers,
          .sdp = sdp({{}}),
          .from = "<sip:" + ends.from + "@x>",
          .to = "<sip:" + ends.to + "@x>",
          .uri = "sip:" + ends.to + "@x"};
}

Sip of(const std::string& name, const std::string& method, int status = 0) {
  return {.method = method,
          .status = status,
          .call_id = name,
          .from_tag = name + "-a",
          .to_tag = name + "-b"};
}

void answer(Scenario& scenario, double time_s, const std::string& name) {
  Sip ok = of(name, "INVITE", 200);
  ok.sdp = sdp({callee_line()});
  scenario.from_callee(time_s, ok);
  scenario.from_caller(time_s + 0.1, of(name, "ACK"));
}

const CallEdge* edge_of(const CallRecord& call, EdgeKind kind) {
  for (const CallEdge& edge : call.edges) {
    if (edge.kind == kind) return &edge;
  }
  return nullptr;
}

TEST(CallLinks, AReferOutsideOfItsDialogBelongsToTheCallThatItNames) {
  for (const bool is_known : {true, false}) {
    Scenario scenario;
    scenario.from_caller(0, invite("c1", {}));
    answer(scenario, 1, "c1");
    Sip refer = of("r1", "REFER");
    refer.to_tag.clear();
    refer.from = "<sip:100@x>";
    refer.headers = std::string("Refer-To: <sip:300@x>\r\nTarget-Dialog: c1;local-tag=c1-a") +
                    ";remote-tag=" + (is_known ? "c1-b" : "c9-b") + "\r\n";
    scenario.from_caller(2, refer);
    scenario.from_callee(2.1, of("r1", "REFER", 202));
    scenario.finish(9);
    auto calls = scenario.finals_by_call_id();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls["c1"].transferred.has_value(), is_known);
    EXPECT_EQ(scenario.rejected("no_call"), is_known ? 0U : 2U);
    if (is_known) {
      EXPECT_EQ(calls["c1"].transferred->by, "caller");
    }
  }
}

TEST(CallLinks, AReferLeadsToItsCall) {
  Scenario scenario;
  scenario.from_caller(0, invite("c1", {}));
  answer(scenario, 1, "c1");
  Sip refer = of("c1", "REFER");
  refer.cseq = 2;
  refer.headers = "Refer-To: <sip:300@x>\r\n";
  scenario.from_caller(2, refer);
  Sip accepted = of("c1", "REFER", 202);
  accepted.cseq = 2;
  scenario.from_callee(2.1, accepted);
  scenario.from_caller(2.5, invite("other", {"999", "300"}));
  scenario.from_caller(3, invite("c2", {"200", "300"}));
  answer(scenario, 4, "c2");
  scenario.finish(9);
  auto calls = scenario.finals_by_call_id();
  const CallEdge* to = edge_of(calls["c1"], EdgeKind::kTransferred);
  ASSERT_TRUE(to);
  EXPECT_EQ(to->uid, calls["c2"].uid);
  EXPECT_EQ(to->call_id, "c2");
  EXPECT_EQ(to->outcome, EdgeOutcome::kSucceeded) << "the new call was answered";
  const CallEdge* from = edge_of(calls["c2"], EdgeKind::kTransferredFrom);
  ASSERT_TRUE(from);
  EXPECT_EQ(from->uid, calls["c1"].uid);
  EXPECT_EQ(from->number, "100") << "who asked";
  EXPECT_EQ(from->outcome, EdgeOutcome::kSucceeded);
  EXPECT_EQ(calls["c2"].conversation_id, to_string(calls["c1"].uid));
  EXPECT_EQ(calls["c2"].joined_by_method, "transfer");
  EXPECT_TRUE(calls["other"].edges.empty()) << "somebody else calls that number";
}

TEST(CallLinks, ReplacesTakesACallOver) {
  Scenario scenario;
  scenario.from_caller(0, invite("c1", {}));
  answer(scenario, 1, "c1");
  scenario.pass(2,
                invite("c2", {"300", "100"}, "Replaces: c1;from-tag=c1-b;to-tag=c1-a\r\n"),
                "10.1.0.3",
                "10.1.0.1");
  answer(scenario, 3, "c2");
  scenario.finish(9);
  auto calls = scenario.finals_by_call_id();
  const CallEdge* taken = edge_of(calls["c2"], EdgeKind::kReplaces);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->uid, calls["c1"].uid);
  EXPECT_FALSE(taken->early);
  EXPECT_EQ(taken->outcome, EdgeOutcome::kSucceeded);
  const CallEdge* given = edge_of(calls["c1"], EdgeKind::kReplacedBy);
  ASSERT_TRUE(given);
  EXPECT_EQ(given->uid, calls["c2"].uid);
  EXPECT_EQ(given->outcome, EdgeOutcome::kSucceeded);
  EXPECT_EQ(calls["c1"].conversation_id, calls["c2"].conversation_id);
  EXPECT_EQ(calls["c2"].joined_by_method, "replaces");
}

TEST(CallLinks, OtherTagsAreAnotherDialog) {
  Scenario scenario;
  scenario.from_caller(0, invite("c1", {}));
  answer(scenario, 1, "c1");
  scenario.from_caller(2, invite("c2", {"300", "100"}, "Replaces: c1;from-tag=q;to-tag=r\r\n"));
  scenario.from_callee(2.1, of("c2", "INVITE", 481));
  scenario.finish(9);
  auto calls = scenario.finals_by_call_id();
  const CallEdge* asked = edge_of(calls["c2"], EdgeKind::kReplaces);
  ASSERT_TRUE(asked);
  EXPECT_FALSE(asked->uid);
  EXPECT_EQ(asked->call_id, "c1");
  EXPECT_EQ(asked->outcome, EdgeOutcome::kFailed);
  EXPECT_EQ(asked->status_code, 481);
  EXPECT_TRUE(calls["c1"].edges.empty());
}

TEST(CallLinks, ARedirectedCallerTriesElsewhere) {
  Scenario scenario;
  scenario.from_caller(0, invite("c1", {}));
  Sip moved = of("c1", "INVITE", 302);
  moved.headers = "Contact: <sip:300@x>, <sip:301@x>\r\n";
  scenario.from_callee(0.5, moved);
  scenario.from_caller(0.6, of("c1", "ACK"));
  scenario.from_caller(1, invite("c2", {"100", "301"}));
  answer(scenario, 2, "c2");
  scenario.finish(9);
  auto calls = scenario.finals_by_call_id();
  ASSERT_EQ(calls["c1"].edges.size(), 2U);
  EXPECT_FALSE(calls["c1"].edges[0].uid);
  EXPECT_EQ(calls["c1"].edges[1].uid, calls["c2"].uid);
  EXPECT_EQ(calls["c1"].edges[1].outcome, EdgeOutcome::kSucceeded);
  ASSERT_TRUE(edge_of(calls["c2"], EdgeKind::kRedirectedFrom));
  EXPECT_EQ(calls["c1"].outcome, CallOutcome::kRedirected);
}

TEST(CallLinks, WhatWasAskedLongAgoIsForgotten) {
  Scenario scenario;
  scenario.from_caller(0, invite("c1", {}));
  answer(scenario, 1, "c1");
  Sip refer = of("c1", "REFER");
  refer.cseq = 2;
  refer.headers = "Refer-To: <sip:300@x>\r\n";
  scenario.from_caller(2, refer);
  scenario.from_caller(70, invite("c2", {"200", "300"}));
  scenario.finish(80);
  EXPECT_TRUE(scenario.finals_by_call_id()["c2"].edges.empty());
}

TEST(CallLinks, ARestartLosesNone) {
  CallRecord record;
  record.conversation_id = to_string(make_uid(5, {}));
  record.joined_by_method = "icid";
  record.joined_by_score = 1.0;
  record.edges.resize(2);
  record.edges[1].kind = EdgeKind::kReplacedBy;
  LiveCall live;
  restore_links(record, live);
  EXPECT_EQ(live.conversation.id, make_uid(5, {}));
  EXPECT_EQ(live.conversation.joined_by, "icid");
  EXPECT_FALSE(live.conversation.refused);
  ASSERT_EQ(live.edges.size(), 2U);
  EXPECT_EQ(live.edges[1].edge.kind, EdgeKind::kReplacedBy);
}

}  // namespace
}  // namespace tapdeck::calls
