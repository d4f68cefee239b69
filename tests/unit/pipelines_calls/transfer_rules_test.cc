#include "pipelines/calls/transfer_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

Sip within(const std::string& method, int cseq, const std::string& headers = {}) {
  return {.method = method, .cseq = cseq, .to_tag = "bob", .headers = headers};
}

Sip answer_to(const std::string& method, int status, int cseq) {
  return {.method = method, .status = status, .cseq = cseq, .to_tag = "bob"};
}

Sip notify(const std::string& line) {
  Sip sip = within("NOTIFY", 5, "Event: refer;id=2\r\n");
  sip.sdp = line;  // whatever its type is called
  return sip;
}

void refer(Scenario& scenario, int status) {
  scenario.establish();
  scenario.from_caller(5, within("REFER", 2, "Refer-To: \"C\" <sip:300@x>\r\n"));
  scenario.from_callee(5.1, answer_to("REFER", status, 2));
}

TEST(TransferRules, AnAcceptedReferIsATransferWithItsParty) {
  Scenario scenario;
  refer(scenario, 202);
  scenario.finish(9);
  const CallRecord call = scenario.final_record();
  ASSERT_TRUE(call.transferred);
  EXPECT_EQ(call.transferred->to, "300");
  EXPECT_EQ(call.transferred->by, "caller");
  EXPECT_EQ(call.transferred->kind, "blind");
  ASSERT_EQ(call.edges.size(), 1U);
  EXPECT_EQ(call.edges[0].outcome, EdgeOutcome::kAccepted);
  ASSERT_EQ(call.parties.size(), 3U);
  EXPECT_EQ(call.parties[2].role, PartyRole::kTransferTarget);
  EXPECT_EQ(call.parties[2].number, "300");
  EXPECT_EQ(call.parties[2].from_us, at_us(5.1));
  EXPECT_EQ(call.callee, 1);
}

TEST(TransferRules, TheRecordWaitsForAMinuteForWhatBecomesOfATransfer) {
  for (const bool told : {true, false}) {
    Scenario scenario;
    refer(scenario, 202);
    scenario.hang_up(6, true);
    scenario.advance(50);
    EXPECT_TRUE(scenario.finals().empty());
    if (told) scenario.from_callee(51, notify("SIP/2.0 200 OK\r\n"));
    scenario.advance(told ? 52 : 70);
    ASSERT_EQ(scenario.finals().size(), 1U);
    const CallRecord call = scenario.final_record();
    EXPECT_EQ(call.ended_us, at_us(6));
    EXPECT_EQ(call.edges[0].outcome, told ? EdgeOutcome::kSucceeded : EdgeOutcome::kAccepted);
  }
}

TEST(TransferRules, ARefusedReferIsNoTransfer) {
  Scenario scenario;
  refer(scenario, 603);
  scenario.finish(9);
  const CallRecord call = scenario.final_record();
  EXPECT_FALSE(call.transferred);
  ASSERT_EQ(call.edges.size(), 1U);
  EXPECT_EQ(call.edges[0].outcome, EdgeOutcome::kRefused);
  EXPECT_EQ(call.edges[0].status_code, 603);
  EXPECT_EQ(call.parties.size(), 2U);
}

TEST(TransferRules, NotifyTellsWhatBecameOfIt) {
  for (const auto& [line, outcome, status] :
       {std::tuple{"SIP/2.0 200 OK\r\n", EdgeOutcome::kSucceeded, 200},
        std::tuple{"SIP/2.0 486 Busy Here\r\n", EdgeOutcome::kFailed, 486}}) {
    Scenario scenario;
    refer(scenario, 202);
    scenario.from_callee(5.2, notify("SIP/2.0 100 Trying\r\n"));
    Sip last = notify(line);
    last.cseq = 6;
    scenario.from_callee(6, last);
    scenario.from_caller(8, within("BYE", 7));
    scenario.finish(9);
    const CallRecord call = scenario.final_record();
    EXPECT_EQ(call.edges[0].outcome, outcome) << line;
    EXPECT_EQ(call.edges[0].status_code, status);
    EXPECT_EQ(call.parties[2].to_us == at_us(6), outcome == EdgeOutcome::kFailed);
  }
}

TEST(TransferRules, OneReferOnTwoHopsIsOne) {
  Scenario scenario;
  refer(scenario, 202);
  Sip next_hop = within("REFER", 2, "Refer-To: \"C\" <sip:300@x>\r\n");
  next_hop.branch = "z9hG4bK-next";
  scenario.pass(5.05, next_hop, "10.1.0.2", "10.1.0.3");
  scenario.finish(9);
  EXPECT_EQ(scenario.final_record().edges.size(), 1U);
}

TEST(TransferRules, EdgesAreBounded) {
  Scenario scenario;
  scenario.establish();
  for (int i = 0; i < 100; ++i) {
    scenario.from_caller(
        5 + i * 0.01, within("REFER", 2 + i, "Refer-To: <sip:3" + std::to_string(i) + "@x>\r\n"));
  }
  scenario.finish(9);
  EXPECT_EQ(scenario.final_record().edges.size(), kEdgesMax);
}

// The far end was transferred behind a back-to-back user agent: only the identity changes.
TEST(TransferRules, AnotherConnectedIdentityIsAnotherPerson) {
  Scenario scenario;
  scenario.establish();
  const Sip reinvite{.method = "INVITE",
                     .cseq = 2,
                     .from_tag = "bob",
                     .to_tag = "alice",
                     .branch = "z9hG4bK9",
                     .headers = "Remote-Party-ID: \"Carol\" <sip:300@x>;party=calling\r\n",
                     .sdp = sdp({callee_line()})};
  scenario.from_callee(6, reinvite);
  scenario.finish(9);
  const CallRecord call = scenario.final_record();
  ASSERT_EQ(call.parties.size(), 3U);
  EXPECT_EQ(call.parties[1].number, "200") << "who answered stays who answered";
  EXPECT_EQ(call.parties[2].role, PartyRole::kTransferTarget);
  EXPECT_EQ(call.parties[2].number, "300");
  EXPECT_EQ(call.parties[2].name, "Carol");
}

TEST(TransferRules, AnotherSpellingIsTheSamePerson) {
  Scenario scenario;
  scenario.from_caller(0, {.sdp = sdp({{}}), .to = "<sip:0711200@x>"});
  scenario.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  scenario.from_callee(2,
                       {.method = "UPDATE",
                        .cseq = 2,
                        .from_tag = "bob",
                        .to_tag = "alice",
                        .branch = "z9hG4bK9",
                        .headers = "P-Asserted-Identity: <sip:+49711200@x>\r\n"});
  scenario.finish(9);
  EXPECT_EQ(scenario.final_record().parties.size(), 2U);
}

TEST(TransferRules, AnEndedBranchLeaves) {
  Scenario scenario;
  scenario.from_caller(0, {.sdp = sdp({{}})});
  scenario.from_callee(1, {.status = 180, .to_tag = "b1"});
  scenario.from_callee(1.1, {.status = 180, .to_tag = "b2"});
  scenario.from_callee(2, {.status = 199, .to_tag = "b2"});
  scenario.from_callee(2.5, {.status = 199, .to_tag = "b3"});
  scenario.from_callee(3, {.status = 200, .to_tag = "b1", .sdp = sdp({callee_line()})});
  scenario.finish(9);
  const CallRecord call = scenario.final_record();
  ASSERT_EQ(call.parties.size(), 3U) << "a branch that is told to be over was nobody";
  EXPECT_EQ(call.parties[2].role, PartyRole::kFork);
  EXPECT_EQ(call.parties[2].to_us, at_us(2));
}

}  // namespace
}  // namespace tapdeck::calls
