// Calls from messages: setup, answer, refusal, end.
#include "pipelines/calls/call_plane.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

TEST(CallPlane, AnsweredCallHasItsTimesPartiesAndOrderOfOutputs) {
  CallPlaneOptions options;
  options.message_flush_ns = 3'600'000'000'000;
  Scenario play(options);
  play.establish();
  ASSERT_EQ(play.records.size(), 1U);
  EXPECT_EQ(play.records[0].state, CallState::kInProgress);
  EXPECT_EQ(play.records[0].version, 1U);
  EXPECT_FALSE(play.records[0].ended_us);
  play.hang_up(13, true);
  EXPECT_TRUE(play.finals().empty()) << "late media still has time";
  play.advance(16);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.version, 2U);
  EXPECT_EQ(call.uid, play.records[0].uid);
  EXPECT_EQ(call.start_us, at_us(0));
  EXPECT_EQ(call.progress_us, at_us(1));
  EXPECT_EQ(call.ringing_us, at_us(1));
  EXPECT_EQ(call.answered_us, at_us(3));
  EXPECT_EQ(call.ended_us, at_us(13));
  EXPECT_EQ(call.pdd_ms, 1000);
  EXPECT_EQ(call.ring_ms, 2000);
  EXPECT_EQ(call.setup_ms, 3000);
  EXPECT_EQ(call.talk_ms, 10000);
  EXPECT_EQ(call.total_ms, 13000);
  EXPECT_EQ(call.hold_ms, 0);
  EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
  EXPECT_EQ(call.end_reason, EndReason::kBye);
  EXPECT_EQ(call.hangup_by, HangupBy::kCaller);
  EXPECT_EQ(call.status_code, 200);
  EXPECT_EQ(call.from_tag, "alice");
  EXPECT_EQ(call.to_tag, "bob");
  EXPECT_EQ(call.dialled, "200");
  EXPECT_EQ(call.port, "span0");
  ASSERT_EQ(call.parties.size(), 2U);
  EXPECT_EQ(call.caller, 0);
  EXPECT_EQ(call.callee, 1);
  EXPECT_EQ(call.parties[0].number, "+49711100");
  EXPECT_EQ(call.parties[0].name, "Alice");
  EXPECT_EQ(to_string(*call.parties[0].ip), "10.1.0.1");
  EXPECT_EQ(to_string(*call.parties[1].ip), "10.1.0.2");
  EXPECT_EQ(call.sip_methods.at("INVITE"), 1U);
  EXPECT_EQ(call.sip_responses.at("200"), 2U);
  EXPECT_EQ(
      play.order,
      (Lines{"bind", "bind", "keep", "put", "bind", "bind", "keep", "bind", "keep", "final"}));
  EXPECT_EQ(play.kept().size(), 6U);
  EXPECT_EQ(play.plane->open_call_count(), 0U);
}

TEST(CallPlane, BindsTheCallerAtTheOfferAndTheCalleeAtTheAnswer) {
  Scenario play;
  play.establish();
  play.hang_up(13, false);
  play.advance(16);
  EXPECT_EQ(play.bindings(),
            (Lines{"bind 10.0.0.1:4000",
                   "bind 10.0.0.2:5000",
                   "unbind 10.0.0.1:4000",
                   "unbind 10.0.0.2:5000",
                   "release"}));
  EXPECT_EQ(play.binds[0].receiver, 0);
  EXPECT_EQ(play.binds[0].time_ns, at_ns(0));
  EXPECT_EQ(play.binds[1].receiver, 1);
  EXPECT_EQ(play.binds[2].time_ns, at_ns(13));
  EXPECT_EQ(play.binds[4].recording, play.final_record().uid);
  EXPECT_EQ(play.final_record().hangup_by, HangupBy::kCallee);
}

TEST(CallPlane, WaitsForEveryWorkerBeforeTheFinalRecord) {
  CallPlaneOptions options;
  options.worker_count = 2;
  Scenario play(options);
  play.establish();
  play.hang_up(13, true);
  play.advance(16);  // one answer comes of itself
  EXPECT_TRUE(play.finals().empty());
  StreamReport report;
  report.kind = StreamReportKind::kReleased;
  report.call = play.binds.back().call;
  report.worker = 1;
  play.plane->on_report(report);
  EXPECT_EQ(play.finals().size(), 1U);
}

TEST(CallPlane, RetransmissionsAreCountedButChangeNothing) {
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

TEST(CallPlane, LateMessagesOfAFinishedCallOpenNoNewOne) {
  Scenario play;
  play.establish();
  play.hang_up(13, true);
  play.advance(16);
  ASSERT_EQ(play.finals().size(), 1U);
  play.hang_up(20, true);
  play.finish(21);
  EXPECT_EQ(play.finals().size(), 1U);
  EXPECT_EQ(play.rejected("late"), 1U);
  EXPECT_EQ(play.rejected("no_call"), 1U) << "the answer to a BYE never opens one";
}

TEST(CallPlane, UnansweredByeKeepsTheCallForItsRetransmissions) {
  Scenario play;
  play.establish();
  const Sip bye{.method = "BYE", .cseq = 2, .to_tag = "bob", .branch = "z9hG4bKbye"};
  for (const double time : {10.0, 10.5, 11.5, 13.5, 17.5, 21.5}) play.from_caller(time, bye);
  EXPECT_TRUE(play.finals().empty());
  play.advance(43);
  EXPECT_EQ(play.final_record().sip_methods.at("BYE"), 6U);
  EXPECT_EQ(play.final_record().ended_us, at_us(10));
}

TEST(CallPlane, CallIdUsedAgainAfterTheEndIsAnotherCall) {
  Scenario play;
  play.establish();
  play.hang_up(13, true);
  Sip second{.cseq = 101, .from_tag = "alice2", .branch = "z9hG4bKsecond"};
  play.from_caller(14, second);
  play.hang_up(14.2, true);  // a retransmission of the first call's BYE
  second.status = 486;
  second.to_tag = "bob2";
  play.from_callee(15, second);
  play.finish(16);
  const auto finals = play.finals();
  ASSERT_EQ(finals.size(), 2U);
  EXPECT_NE(finals[0].uid, finals[1].uid);
  EXPECT_EQ(finals[0].sip_methods.at("BYE"), 2U);
  EXPECT_EQ(finals[0].outcome, CallOutcome::kAnswered);
  EXPECT_EQ(finals[1].outcome, CallOutcome::kBusy);
  EXPECT_EQ(finals[1].start_us, at_us(14));
}

TEST(CallPlane, AuthenticationRetryIsOneCallAndItsDelayCountsFromTheRetry) {
  for (const int challenge : {401, 407}) {
    Scenario play;
    play.from_caller(0, {.sdp = sdp({{}})});
    play.from_callee(0.1, {.status = challenge, .to_tag = "proxy"});
    play.from_caller(0.2, {.method = "ACK", .to_tag = "proxy"});
    const Sip retry{.cseq = 2, .branch = "z9hG4bK2", .sdp = sdp({{}})};
    play.from_caller(8, retry);
    Sip ring{.status = 183, .cseq = 2, .to_tag = "bob", .branch = "z9hG4bK2"};
    play.from_callee(9, ring);
    ring.status = 200;
    play.from_callee(10, ring);
    play.hang_up(20, true);
    play.finish(30);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
    EXPECT_EQ(call.start_us, at_us(0));
    EXPECT_EQ(call.pdd_ms, 1000);
    EXPECT_EQ(call.setup_ms, 10000);
    EXPECT_EQ(call.status_code, 200);
    EXPECT_EQ(call.parties.size(), 2U) << "the proxy's To tag is no party";
  }
}

TEST(CallPlane, OutcomeOfEachRefusal) {
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
    play.advance(60);
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

TEST(CallPlane, CancelledCall) {
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

TEST(CallPlane, ProxysCancelOfALosingBranchEndsNothing) {
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

TEST(CallPlane, NoFinalAnswer) {
  for (const bool ringing : {true, false}) {
    Scenario play;
    play.from_caller(0, {});
    if (ringing) play.from_callee(1, {.status = 180, .to_tag = "bob"});
    play.advance(299);
    EXPECT_TRUE(play.finals().empty());
    play.advance(302);
    play.advance(340);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.outcome, ringing ? CallOutcome::kNoAnswer : CallOutcome::kUnknown);
    EXPECT_EQ(call.ended_us, at_us(ringing ? 1 : 0));
  }
}

TEST(CallPlane, MissedInvite) {
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

TEST(CallPlane, ByeAloneNamesNoCaller) {
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

TEST(CallPlane, OtherMethodsAndGarbageOpenNoCall) {
  Scenario play;
  for (const char* method : {"REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"}) {
    play.from_caller(0, {.method = method, .call_id = method});
  }
  play.pass_bytes(1, "no sip at all");
  EXPECT_EQ(play.plane->open_call_count(), 0U);
  EXPECT_EQ(play.rejected("no_call"), 6U);
  EXPECT_EQ(play.rejected("not_sip"), 1U);
  EXPECT_EQ(play.plane->figures().messages, 7U);
}

TEST(CallPlane, SameCallIdInTwoRealmsIsTwoCalls) {
  Scenario play;
  for (const RealmId realm : {RealmId{0}, RealmId{1}}) {
    const std::string text = Sip{}.text();
    SignalMessage message;
    message.time_ns = at_ns(0);
    message.realm = realm;
    message.length = static_cast<std::uint32_t>(text.size());
    message.bytes = as_bytes(text).data();
    play.plane->on_message(message);
    play.advance(0);
  }
  EXPECT_EQ(play.plane->open_call_count(), 2U);
  play.finish(1);
  ASSERT_EQ(play.finals().size(), 2U);
  EXPECT_NE(play.finals()[0].uid, play.finals()[1].uid);
}

TEST(CallPlane, ByeOfEachHopCountsOnce) {
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

TEST(CallPlane, AlreadyFinalCallSaysNothing) {
  CallPlaneOptions options;
  options.already_final = [](const Uid&) { return true; };
  Scenario play(options);
  play.establish();
  play.hang_up(13, true);
  play.advance(16);
  EXPECT_TRUE(play.order.empty());
  EXPECT_EQ(play.plane->figures().already_present, 1U);
  EXPECT_EQ(play.plane->open_call_count(), 0U);
}

TEST(CallPlane, SamePacketsGiveTheSameUid) {
  Scenario first;
  first.establish();
  Scenario second;
  second.establish();
  Scenario later;
  later.establish(1);
  EXPECT_EQ(first.records[0].uid, second.records[0].uid);
  EXPECT_NE(first.records[0].uid, later.records[0].uid);
  EXPECT_EQ(first.records[0].uid.start_ms(), at_ns(0) / 1'000'000);
}

TEST(CallPlane, FullTableClosesTheCallThatWasNeverAnswered) {
  CallPlaneOptions options;
  options.calls_max = 2;
  Scenario play(options);
  play.establish();
  play.from_caller(4, {.call_id = "call-2"});
  play.from_caller(5, {.call_id = "call-3"});
  EXPECT_EQ(play.plane->open_call_count(), 2U);
  EXPECT_EQ(play.final_record().call_id, "call-2");
  EXPECT_EQ(play.rejected("evicted_call"), 1U);
}

TEST(CallPlane, MessagesAreFlushedWhileACallIsOpen) {
  Scenario play;
  play.from_caller(0, {});
  play.advance(0.9);
  EXPECT_TRUE(play.kept_bytes.empty());
  play.advance(1.1);
  ASSERT_EQ(play.kept().size(), 1U);
  EXPECT_EQ(play.kept()[0].bytes, Sip{}.text());
  EXPECT_EQ(play.kept()[0].time_us, at_us(0));
}

TEST(CallPlane, KeptMessagesHaveNoKeys) {
  Scenario play;
  const Line line{.attributes = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0c2VjcmV0\r\n",
                  .proto = "RTP/SAVP"};
  play.from_caller(0, {.sdp = sdp({line})});
  play.finish(1);
  ASSERT_EQ(play.kept().size(), 1U);
  EXPECT_EQ(play.kept()[0].bytes.find("c2VjcmV0"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::calls
