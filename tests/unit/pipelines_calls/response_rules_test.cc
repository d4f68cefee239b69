// What responses mean: challenges, refusals, forks.
#include "pipelines/calls/response_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

TEST(ResponseRules, AuthenticationRetryIsOneCallAndItsDelayCountsFromTheRetry) {
  for (const int challenge : {401, 407}) {
    Scenario play;
    play.from_caller(0, {.sdp = sdp({{}})});
    play.from_callee(0.1, {.status = challenge, .to_tag = "proxy"});
    play.from_caller(0.2, {.method = "ACK", .to_tag = "proxy"});
    play.advance(59);
    const Sip retry{.cseq = 2, .branch = "z9hG4bK2", .sdp = sdp({{}})};
    play.from_caller(60, retry);
    Sip ring{.status = 183, .cseq = 2, .to_tag = "bob", .branch = "z9hG4bK2"};
    play.from_callee(61, ring);
    ring.status = 200;
    play.from_callee(62, ring);
    play.hang_up(70, true);
    play.finish(80);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
    EXPECT_EQ(call.start_us, at_us(0));
    EXPECT_EQ(call.pdd_ms, 1000);
    EXPECT_EQ(call.setup_ms, 62000);
    EXPECT_EQ(call.status_code, 200);
    EXPECT_EQ(call.parties.size(), 2U) << "the proxy's To tag is no party";
  }
}

TEST(ResponseRules, OutcomeOfEachRefusal) {
  const std::vector<std::pair<int, CallOutcome>> cases = {{486, CallOutcome::kBusy},
                                                          {600, CallOutcome::kBusy},
                                                          {480, CallOutcome::kNoAnswer},
                                                          {408, CallOutcome::kNoAnswer},
                                                          {487, CallOutcome::kNoAnswer},
                                                          {403, CallOutcome::kRejected},
                                                          {401, CallOutcome::kRejected},
                                                          {603, CallOutcome::kRejected},
                                                          {404, CallOutcome::kFailed},
                                                          {500, CallOutcome::kFailed},
                                                          {302, CallOutcome::kRedirected}};
  for (const auto& [status, outcome] : cases) {
    Scenario play;
    play.from_caller(0, {});
    play.from_callee(2,
                     {.status = status,
                      .phrase = "Because",
                      .to_tag = "bob",
                      .headers = "Reason: Q.850;cause=17\r\n"});
    play.from_caller(2.1, {.method = "ACK", .to_tag = "bob"});
    play.advance(200);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.outcome, outcome) << status;
    EXPECT_EQ(call.end_reason, EndReason::kFailure) << status;
    EXPECT_EQ(call.status_code, status);
    EXPECT_EQ(call.reason, "Because");
    EXPECT_EQ(call.q850_cause, 17);
    EXPECT_EQ(call.ended_us, at_us(2));
    EXPECT_EQ(call.version, 1U) << "an unanswered call has one record";
    EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
    EXPECT_EQ(call.recording.reasons, std::vector{RecordingReason::kNotAnswered});
    EXPECT_FALSE(call.hold_ms);
  }
}

TEST(ResponseRules, ProxysCancelOfALosingBranchEndsNothing) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  const auto hop = [](std::string branch) { return Sip{.branch = std::move(branch), .vias = 2}; };
  play.pass(0.1, hop("z9hG4bKa"), "10.1.0.2", "10.1.0.3");
  play.pass(0.2, hop("z9hG4bKb"), "10.1.0.2", "10.1.0.4");
  Sip busy = hop("z9hG4bKa");
  busy.status = 486;
  busy.to_tag = "busy";
  play.pass(1, busy, "10.1.0.3", "10.1.0.2");
  Sip cancel = hop("z9hG4bKb");
  cancel.method = "CANCEL";
  play.pass(2, cancel, "10.1.0.2", "10.1.0.4");
  play.from_callee(3, {.status = 480, .to_tag = "vm"});
  play.finish(5);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.outcome, CallOutcome::kNoAnswer);
  EXPECT_EQ(call.status_code, 480);
  EXPECT_EQ(call.sip_methods.at("INVITE"), 3U);
  EXPECT_EQ(call.hangup_by, HangupBy::kNone);
}

TEST(ResponseRules, ResponsesTellOfACancelThatWasMissed) {
  for (const bool has_invite : {true, false}) {
    for (const int status : {200, 481}) {
      Scenario play;
      if (has_invite) play.from_caller(0, {.sdp = sdp({{}})});
      play.from_callee(1, {.status = 180, .to_tag = "bob"});
      play.from_callee(5, {.method = "CANCEL", .status = status, .to_tag = "bob"});
      play.from_callee(5.2, {.status = 487, .to_tag = "bob"});
      play.finish(40);
      const CallRecord call = play.final_record();
      const bool told = status == 200;
      EXPECT_EQ(call.outcome, told ? CallOutcome::kCancelled : CallOutcome::kNoAnswer);
      EXPECT_EQ(call.end_reason, told ? EndReason::kCancel : EndReason::kFailure);
      EXPECT_EQ(call.hangup_by, told ? HangupBy::kCaller : HangupBy::kNone);
    }
  }
}

TEST(ResponseRules, ACancelBehindItsResponseStillSaysWhy) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(5, {.method = "CANCEL", .status = 200, .to_tag = "bob"});
  play.from_callee(5.1, {.status = 487, .to_tag = "bob"});
  Sip cancel{.method = "CANCEL", .headers = "Reason: Q.850;cause=16\r\n"};
  play.from_caller(5.2, cancel);
  cancel.headers = "Reason: Q.850;cause=26\r\n";
  play.pass(5.4, cancel, "10.1.0.2", "10.1.0.3");
  play.finish(40);
  EXPECT_EQ(play.final_record().outcome, CallOutcome::kCancelled);
  EXPECT_EQ(play.final_record().q850_cause, 16) << "not that of a hop further on";
}

TEST(ResponseRules, TheFromOfAResponseTellsWhoseMissedByeItAnswers) {
  struct Case {
    std::string from;
    std::string to;
    HangupBy by;
  };

  const std::vector<Case> cases = {{"alice", "bob", HangupBy::kCaller},
                                   {"bob", "alice", HangupBy::kCallee},
                                   {"unknown", "alice", HangupBy::kCallee}};
  for (const Case& each : cases) {
    Scenario play;
    play.from_caller(0, {.sdp = sdp({{}})});
    if (each.from != "unknown") play.from_callee(1, {.status = 200, .to_tag = "bob"});
    Sip done{.method = "BYE", .status = 200, .cseq = 2, .branch = "z9hG4bKbye"};
    done.from_tag = each.from;
    done.to_tag = each.to;
    play.from_callee(9, done);
    play.finish(40);
    EXPECT_EQ(play.final_record().end_reason, EndReason::kBye);
    EXPECT_EQ(play.final_record().hangup_by, each.by) << each.from;
  }
}

TEST(ResponseRules, NewTagWithTheSameMediaIsTheSameParty) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(
      1, {.status = 183, .to_tag = "early", .sdp = sdp({{.ip = "10.0.0.2", .port = 5000}})});
  play.from_callee(
      2, {.status = 200, .to_tag = "bob", .sdp = sdp({{.ip = "10.0.0.2", .port = 5000}})});
  EXPECT_EQ(play.bindings(),
            (std::vector<std::string>{"bind 10.0.0.1:4000", "bind 10.0.0.2:5000"}));
  EXPECT_EQ(play.records.at(0).parties.size(), 2U);
}

}  // namespace
}  // namespace tapdeck::calls
