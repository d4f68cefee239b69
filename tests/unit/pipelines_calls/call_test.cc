// The life of a call: what is said when, and how calls end that nobody hung up.
#include "pipelines/calls/call.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

TEST(Call, AnsweredCallHasItsTimesPartiesAndOrderOfOutputs) {
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

TEST(Call, BindsTheCallerAtTheOfferAndTheCalleeAtTheAnswer) {
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

TEST(Call, WaitsForEveryWorkerBeforeTheFinalRecord) {
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

TEST(Call, UnansweredByeKeepsTheCallForItsRetransmissions) {
  Scenario play;
  play.establish();
  const Sip bye{.method = "BYE", .cseq = 2, .to_tag = "bob", .branch = "z9hG4bKbye"};
  for (const double time : {10.0, 10.5, 11.5, 13.5, 17.5, 21.5}) play.from_caller(time, bye);
  EXPECT_TRUE(play.finals().empty());
  play.advance(43);
  EXPECT_EQ(play.final_record().sip_methods.at("BYE"), 6U);
  EXPECT_EQ(play.final_record().ended_us, at_us(10));
}

TEST(Call, NoFinalAnswer) {
  for (const bool ringing : {true, false}) {
    Scenario play;
    play.from_caller(0, {});
    if (ringing) play.from_callee(1, {.status = 180, .to_tag = "bob"});
    const double limit = ringing ? 1201 : 300;
    play.advance(limit - 1);
    EXPECT_TRUE(play.finals().empty());
    play.advance(limit + 1);
    play.advance(limit + 40);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.outcome, ringing ? CallOutcome::kNoAnswer : CallOutcome::kUnknown);
    EXPECT_EQ(call.ended_us, at_us(ringing ? 1 : 0));
  }
}

TEST(Call, MessagesAreFlushedWhileACallIsOpen) {
  Scenario play;
  play.from_caller(0, {});
  play.advance(0.9);
  EXPECT_TRUE(play.kept_bytes.empty());
  play.advance(1.1);
  ASSERT_EQ(play.kept().size(), 1U);
  EXPECT_EQ(play.kept()[0].bytes, Sip{}.text());
  EXPECT_EQ(play.kept()[0].time_us, at_us(0));
}

TEST(Call, SilentCallEndsByMediaTimeoutAtItsLastPacket) {
  Scenario play;
  play.establish();
  play.stream(10, caller_stream(3, 9.5));
  play.advance(309);
  EXPECT_TRUE(play.finals().empty()) << "more of it may come";
  play.advance(311);
  play.advance(314);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.end_reason, EndReason::kMediaTimeout);
  EXPECT_EQ(call.ended_us, at_us(9.5));
  EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
}

TEST(Call, WhatComesBeforeSilenceHasLastedForLongIsTheCalls) {
  for (const bool media : {true, false}) {
    Scenario play;
    play.establish();
    play.stream(10, caller_stream(3, 9.5));
    play.advance(200);
    if (media) {
      Rtp rtp = caller_stream(3, 250);
      rtp.packets += 100;
      play.stream(250, rtp);
    }
    play.hang_up(media ? 400 : 300, true);
    play.advance(404);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.end_reason, EndReason::kBye);
    EXPECT_EQ(call.ended_us, at_us(media ? 400 : 300));
  }
}

TEST(Call, ACaptureThatEndsInSilenceEndsItAtItsLastPacket) {
  for (const double end : {60.0, 80.0}) {
    Scenario play;
    play.establish();
    play.stream(10, caller_stream(3, 9.5));
    play.advance(end);
    play.finish(end);
    EXPECT_EQ(play.final_record().end_reason,
              end < 70 ? EndReason::kCaptureEnded : EndReason::kMediaTimeout);
    EXPECT_EQ(play.final_record().ended_us, at_us(9.5));
  }
}

TEST(Call, RunningMediaKeepsACallOpen) {
  Scenario play;
  play.establish();
  Rtp rtp = caller_stream(3, 9.5);
  for (const double time : {10.0, 50.0, 100.0, 150.0}) {
    rtp.packets += 100;
    rtp.last = time;
    play.stream(time, rtp);
  }
  play.advance(200);
  EXPECT_TRUE(play.finals().empty());
}

TEST(Call, SilenceSaysNothingUntilMediaComesUnderTheAddressesAgreedLast) {
  for (const bool comes_back : {true, false}) {
    Scenario play;
    play.establish();
    play.stream(10, caller_stream(3, 9.5));
    play.renegotiate(10, {.offer = {.ip = "10.9.0.1"}, .answer = {.ip = "10.9.0.2"}});
    Rtp rtp = caller_stream(3, comes_back ? 18 : 12);  // or still on its way
    rtp.packets += 100;
    play.stream(20, rtp);
    play.advance(325);
    EXPECT_EQ(play.finals().size(), comes_back ? 1U : 0U);
    play.hang_up(600, true);
    play.advance(640);
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.end_reason, comes_back ? EndReason::kMediaTimeout : EndReason::kBye);
  }
}

TEST(Call, HoldIsEndedByLongSilenceOnly) {
  Scenario play;
  play.establish();
  play.stream(10, caller_stream(3, 9.5));
  play.hold();
  play.advance(7'000);
  EXPECT_TRUE(play.finals().empty());
  play.hang_up(7'001, true);
  play.advance(7'010);
  EXPECT_EQ(play.final_record().end_reason, EndReason::kBye);
}

TEST(Call, HoldWhoseByeIsMissedEndsByItsSessionTimerOrIsForgotten) {
  for (const bool timed : {true, false}) {
    Scenario play;
    play.establish();
    play.stream(10, caller_stream(3, 9.5));
    play.hold(timed ? "Session-Expires: 600;refresher=uac\r\n" : "");
    play.advance(timed ? 640 : 7'205);
    EXPECT_TRUE(play.finals().empty());
    play.advance(timed ? 650 : 7'220);
    EXPECT_EQ(play.final_record().end_reason, EndReason::kSessionExpired);
  }
}

TEST(Call, CallWithoutMediaEndsAtItsSessionTimer) {
  for (const bool timed : {true, false}) {
    Scenario play;
    play.from_caller(0, {});
    play.from_callee(1,
                     {.status = 200,
                      .to_tag = "bob",
                      .headers = timed ? "Session-Expires: 600;refresher=uac\r\n" : ""});
    const double limit = timed ? 632 : 7200;
    play.advance(limit - 1);
    EXPECT_TRUE(play.finals().empty());
    play.advance(limit + 2);
    play.advance(limit + 10);
    EXPECT_EQ(play.final_record().end_reason, EndReason::kSessionExpired);
  }
}

TEST(Call, EndOfCaptureEndsWhatIsOpen) {
  Scenario play;
  play.establish();
  play.stream(10, caller_stream(3, 9.5));
  play.finish(11);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.end_reason, EndReason::kCaptureEnded);
  EXPECT_EQ(call.ended_us, at_us(9.5));
  EXPECT_EQ(call.state, CallState::kEnded);
  Scenario ringing;
  ringing.from_caller(0, {});
  ringing.from_callee(1, {.status = 180, .to_tag = "bob"});
  ringing.finish(2);
  EXPECT_EQ(ringing.final_record().outcome, CallOutcome::kUnknown);
  EXPECT_EQ(ringing.final_record().end_reason, EndReason::kCaptureEnded);
}

TEST(Call, FinishStillWaitsForTheWorkersLastReports) {
  Scenario play;
  play.answer_releases = false;
  play.establish();
  play.finish(11);
  EXPECT_EQ(play.plane->open_call_count(), 1U);
  EXPECT_EQ(play.bindings().back(), "release");
  play.stream(11, caller_stream(3, 9.5));
  play.answer_releases = true;
  play.advance(11);
  EXPECT_EQ(play.final_record().media.size(), 1U);
}

}  // namespace
}  // namespace tapdeck::calls
