// What requests mean: retransmissions, CANCEL, BYE, missed beginnings.
#include "pipelines/calls/signalling_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

TEST(SignallingRules, RetransmissionsAreCountedButChangeNothing) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_caller(0.5, {.sdp = sdp({{}})});
  play.from_callee(1, {.status = 180, .to_tag = "bob"});
  play.from_callee(1.5, {.status = 180, .to_tag = "bob"});
  const Sip ok{.status = 200, .to_tag = "bob", .sdp = sdp({{.ip = "10.0.0.2", .port = 5000}})};
  play.from_callee(3, ok);
  // A re-INVITE moves the callee's media; the late 200 must not move it back.
  Sip again{.cseq = 5, .from_tag = "bob", .to_tag = "alice", .branch = "z9hG4bKre"};
  again.sdp = sdp({{.ip = "10.0.0.3", .port = 6000}});
  play.from_callee(4, again);
  again.status = 200;
  again.sdp = sdp({{}});
  play.from_caller(4.2, again);
  play.from_callee(4.5, ok);
  EXPECT_EQ(play.bindings(),
            (Lines{"bind 10.0.0.1:4000",
                   "bind 10.0.0.2:5000",
                   "bind 10.0.0.3:6000",
                   "unbind 10.0.0.2:5000"}));
  play.hang_up(10, true);
  play.hang_up(10.5, true);
  play.advance(20);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.sip_methods.at("INVITE"), 3U);
  EXPECT_EQ(call.sip_methods.at("BYE"), 2U);
  EXPECT_EQ(call.sip_responses.at("180"), 2U);
  EXPECT_EQ(call.start_us, at_us(0));
  EXPECT_EQ(call.ringing_us, at_us(1));
  EXPECT_EQ(call.answered_us, at_us(3));
  EXPECT_EQ(call.ended_us, at_us(10));
}

TEST(SignallingRules, CancelledCall) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1, {.status = 180, .to_tag = "bob"});
  play.from_caller(5, {.method = "CANCEL"});
  play.from_callee(5.1, {.method = "CANCEL", .status = 200, .to_tag = "bob"});
  play.from_callee(5.2, {.status = 487, .to_tag = "bob"});
  play.from_caller(5.3, {.method = "ACK", .to_tag = "bob"});
  play.advance(10);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.outcome, CallOutcome::kCancelled);
  EXPECT_EQ(call.end_reason, EndReason::kCancel);
  EXPECT_EQ(call.hangup_by, HangupBy::kCaller);
  EXPECT_EQ(call.status_code, 487);
  EXPECT_EQ(call.ring_ms, 4200);
  EXPECT_EQ(call.ended_us, at_us(5.2));
}

TEST(SignallingRules, MissedInvite) {
  Scenario play;
  play.from_callee(3, {.status = 200, .to_tag = "bob"});
  play.from_caller(3.1, {.method = "ACK", .to_tag = "bob", .branch = "z9hG4bKack"});
  play.hang_up(9, false);
  play.finish(20);
  const CallRecord call = play.final_record();
  EXPECT_FALSE(call.start_us);
  EXPECT_EQ(call.first_seen_us, at_us(3));
  EXPECT_EQ(call.answered_us, at_us(3));
  EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
  EXPECT_EQ(call.hangup_by, HangupBy::kCallee);
  EXPECT_EQ(call.talk_ms, 6000);
  EXPECT_EQ(call.total_ms, 6000);
  EXPECT_FALSE(call.sip_methods.contains("INVITE"));
}

TEST(SignallingRules, AnAckTellsOfAMissedAnswerUnlessItsBranchIsTheInvites) {
  for (const bool own : {true, false}) {
    Scenario play;
    play.from_callee(1, {.status = 180, .to_tag = "bob", .branch = "z9hG4bKinvite"});
    const std::string branch = own ? "z9hG4bKown" : "z9hG4bKinvite";
    play.from_caller(3, {.method = "ACK", .to_tag = "bob", .branch = branch});
    play.hang_up(9, true);
    play.finish(20);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.outcome, own ? CallOutcome::kAnswered : CallOutcome::kUnknown);
    EXPECT_FALSE(call.answered_us);
  }
}

TEST(SignallingRules, AnAnsweredReinviteTellsOfAnAnswer) {
  Scenario play;
  play.renegotiate(1, {.cseq = 7});
  play.finish(20);
  EXPECT_EQ(play.final_record().outcome, CallOutcome::kAnswered);
  EXPECT_FALSE(play.final_record().answered_us);
}

TEST(SignallingRules, ByeAloneNamesNoCaller) {
  Scenario play;
  play.hang_up(9, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.end_reason, EndReason::kBye);
  EXPECT_EQ(call.outcome, CallOutcome::kUnknown);
  EXPECT_EQ(call.hangup_by, HangupBy::kNone);
  EXPECT_FALSE(call.caller);
  EXPECT_FALSE(call.callee);
  EXPECT_EQ(call.parties.size(), 2U);
}

TEST(SignallingRules, ByeOfEachHopCountsOnce) {
  Scenario play;
  play.establish();
  Sip bye{.method = "BYE", .cseq = 2, .to_tag = "bob", .branch = "z9hG4bKbye"};
  play.from_caller(10, bye);
  bye.branch = "z9hG4bKbye-hop";
  bye.vias = 2;
  play.pass(10.5, bye, "10.1.0.2", "10.1.0.3");
  play.finish(20);
  EXPECT_EQ(play.final_record().ended_us, at_us(10));
  EXPECT_EQ(play.final_record().hangup_by, HangupBy::kCaller);
  EXPECT_EQ(play.final_record().sip_methods.at("BYE"), 2U);
}

TEST(SignallingRules, SecondAnsweringForkIsLetGoWithoutEndingTheCall) {
  Scenario play;
  play.establish();
  play.from_callee(3.2,
                   {.status = 200, .to_tag = "f2", .sdp = sdp({{.ip = "10.0.0.3", .port = 6000}})});
  play.from_caller(3.4, {.method = "BYE", .cseq = 2, .to_tag = "f2", .branch = "z9hG4bKfork"});
  EXPECT_EQ(play.plane->open_call_count(), 1U);
  play.hang_up(10, false);
  play.finish(20);
  EXPECT_EQ(play.final_record().ended_us, at_us(10));
  EXPECT_EQ(play.final_record().hangup_by, HangupBy::kCallee);
  EXPECT_EQ(play.final_record().callee, 1);
}

TEST(SignallingRules, ACallIdUsedAgainAtOnceIsAnotherCallUnlessAMirrorIsLate) {
  for (const bool late : {true, false}) {
    Scenario play;
    play.establish();
    play.hang_up(3.5, true);
    play.from_caller(late ? 4 : 4.2, {.sdp = sdp({{}})});
    EXPECT_EQ(play.plane->open_call_count(), late ? 1U : 2U);
  }
}

TEST(SignallingRules, AnInviteThatWasNeverAnsweredIsSentAgainBehindTheCallsEnd) {
  Scenario play;
  Sip dead{.branch = "z9hG4bKdead", .sdp = sdp({{}})};
  dead.vias = 2;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.pass(0.1, dead, "10.1.0.2", "10.1.0.3");
  play.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  play.from_caller(1.1, {.method = "ACK", .to_tag = "bob", .branch = "z9hG4bKack"});
  play.hang_up(3, true);
  play.pass(4, dead, "10.1.0.2", "10.1.0.3");
  EXPECT_EQ(play.plane->open_call_count(), 1U);
}

}  // namespace
}  // namespace tapdeck::calls
