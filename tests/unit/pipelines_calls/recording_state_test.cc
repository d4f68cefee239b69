// What recordings may claim, media rows, and the ends of calls that nobody hung up.
#include "pipelines/calls/recording_state.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Reasons = std::vector<RecordingReason>;

Rtp caller_stream(double first, double last) {
  return {.source = "10.0.0.1:4000",
          .destination = "10.0.0.2:5000",
          .first = first,
          .last = last,
          .sender = 0,
          .receiver = 1,
          .ssrc = 0xa};
}

Rtp callee_stream(double first, double last) {
  return {.source = "10.0.0.2:5000",
          .destination = "10.0.0.1:4000",
          .first = first,
          .last = last,
          .receiver = 0,
          .ssrc = 0xb};
}

RecordingInfo judge(const std::vector<Rtp>& streams) {
  Scenario play;
  play.establish();
  for (const Rtp& rtp : streams) play.stream(12, rtp);
  play.hang_up(13, true);
  play.finish(20);
  return play.final_record().recording;
}

TEST(RecordingState, BothDirectionsFromAnswerToEndAreRecorded) {
  const RecordingInfo info = judge({caller_stream(3.5, 12.5), callee_stream(1, 12.8)});
  EXPECT_EQ(info.state, RecordingState::kRecorded);
  EXPECT_TRUE(info.reasons.empty());
  EXPECT_EQ(info.duration_ms, 11800);
}

TEST(RecordingState, EachGapHasItsReason) {
  const Rtp whole = callee_stream(3, 13);
  EXPECT_EQ(judge({whole}).reasons, Reasons{RecordingReason::kDirectionMissing});
  EXPECT_EQ(judge({whole, caller_stream(5.5, 13)}).reasons, Reasons{RecordingReason::kLateStart});
  EXPECT_EQ(judge({whole, caller_stream(3, 10.5)}).reasons, Reasons{RecordingReason::kEarlyEnd});
  Rtp lossy = caller_stream(3, 13);
  lossy.packets = 100;
  lossy.expected = 100;
  lossy.duplicates = 2;  // hide two losses from expected - received
  EXPECT_EQ(judge({whole, lossy}).reasons, Reasons{RecordingReason::kLoss});
  Rtp ours = caller_stream(3, 13);
  ours.lost_by_us = 1;
  EXPECT_EQ(judge({whole, ours}).reasons, Reasons{RecordingReason::kLossByUs});
  EXPECT_EQ(judge({whole, ours}).state, RecordingState::kRecordedWithGaps);
}

TEST(RecordingState, WithoutMediaOrKnownCodecNothingIsRecorded) {
  EXPECT_EQ(judge({}).state, RecordingState::kNotRecorded);
  EXPECT_EQ(judge({}).reasons, Reasons{RecordingReason::kNoMedia});
  Rtp unknown = caller_stream(3, 13);
  unknown.payload_type = 120;
  EXPECT_EQ(judge({unknown}).reasons, Reasons{RecordingReason::kUnknownCodec});
  EXPECT_EQ(judge({caller_stream(0.5, 2)}).reasons, Reasons{RecordingReason::kNoMedia})
      << "early media is not the talk";
}

TEST(RecordingState, SrtpIsKeptButNotClaimed) {
  Scenario play;
  const Line secure{.attributes = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n",
                    .proto = "RTP/SAVP"};
  Line answer = secure;
  answer.ip = "10.0.0.2";
  answer.port = 5000;
  play.from_caller(0, {.sdp = sdp({secure})});
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({answer})});
  play.stream(12, caller_stream(3, 13));
  play.stream(12, callee_stream(3, 13));
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  EXPECT_TRUE(call.media.at(0).srtp);
  EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
  EXPECT_EQ(call.recording.reasons, Reasons{RecordingReason::kEncryptedWithoutKey});
}

TEST(RecordingState, HoldIsNoGap) {
  Scenario play;
  play.establish();
  Sip hold{.cseq = 2, .to_tag = "bob", .branch = "z9hG4bKhold"};
  hold.sdp = sdp({{.attributes = "a=inactive\r\n"}});
  play.from_caller(5, hold);
  hold.status = 200;
  hold.sdp = sdp({{.ip = "10.0.0.2", .port = 5000, .attributes = "a=inactive\r\n"}});
  play.from_callee(5.1, hold);
  play.stream(12, caller_stream(3, 5));
  play.stream(12, callee_stream(3, 5));
  play.hang_up(60, false);
  play.finish(70);
  EXPECT_EQ(play.final_record().recording.state, RecordingState::kRecorded);
}

TEST(RecordingState, RowsAreSortedAndNamedByTheReceiversPayloads) {
  Scenario play;
  const Line offer{.formats = "96", .attributes = "a=rtpmap:96 speex/8000\r\n"};
  const Line answer{.ip = "10.0.0.2",
                    .port = 5000,
                    .formats = "97 96",
                    .attributes = "a=rtpmap:97 speex/8000\r\na=rtpmap:96 iLBC/8000\r\n"};
  play.from_caller(0, {.sdp = sdp({offer})});
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({answer})});
  Rtp to_callee = caller_stream(4, 12);
  to_callee.payload_type = 96;
  Rtp to_caller = callee_stream(3, 12);
  to_caller.payload_type = 96;
  play.stream(5, to_callee);
  to_callee.packets = 150;
  to_callee.expected = 150;
  play.stream(12, to_callee);
  play.stream(12, to_caller);
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.media.size(), 2U) << "a later report replaces an earlier one";
  EXPECT_EQ(call.media[0].party, 1) << "who does not receive it sends it";
  EXPECT_EQ(call.media[0].codec, "speex");
  EXPECT_EQ(call.media[1].party, 0);
  EXPECT_EQ(call.media[1].codec, "iLBC") << "96 is what the callee declared it to be";
  EXPECT_EQ(call.media[1].packets, 150U);
  EXPECT_FALSE(call.media[1].mos_est);
}

TEST(RecordingState, LossLowersTheEstimateButNotOurOwnLoss) {
  Scenario play;
  play.establish();
  Rtp clean = caller_stream(3, 13);
  clean.lost_by_us = 50;
  Rtp lossy = callee_stream(3.1, 13);
  lossy.expected = 110;
  play.stream(12, clean);
  play.stream(12, lossy);
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.media.size(), 2U);
  EXPECT_NEAR(*call.media[0].mos_est, 4.41, 0.01);
  EXPECT_LT(*call.media[1].mos_est, 2.0);
  EXPECT_EQ(call.media[1].lost, 10);
}

TEST(Timers, SilentCallEndsByMediaTimeoutAtItsLastPacket) {
  Scenario play;
  play.establish();
  play.stream(10, caller_stream(3, 9.5));
  play.advance(69);
  EXPECT_TRUE(play.finals().empty());
  play.advance(71);
  play.advance(74);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.end_reason, EndReason::kMediaTimeout);
  EXPECT_EQ(call.ended_us, at_us(9.5));
  EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
}

TEST(Timers, RunningMediaKeepsACallOpen) {
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

TEST(Timers, HoldIsNeverEndedBySilence) {
  Scenario play;
  play.establish();
  play.stream(10, caller_stream(3, 9.5));
  Sip hold{.cseq = 2, .to_tag = "bob", .branch = "z9hG4bKhold"};
  hold.sdp = sdp({{.attributes = "a=sendonly\r\n"}});
  play.from_caller(11, hold);
  hold.status = 200;
  hold.sdp = sdp({{.ip = "10.0.0.2", .port = 5000, .attributes = "a=recvonly\r\n"}});
  play.from_callee(11.5, hold);
  play.advance(40'000);
  EXPECT_TRUE(play.finals().empty());
  play.hang_up(40'001, true);
  play.advance(40'010);
  EXPECT_EQ(play.final_record().end_reason, EndReason::kBye);
}

TEST(Timers, CallWithoutMediaEndsAtItsSessionTimer) {
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

TEST(Timers, EndOfCaptureEndsWhatIsOpen) {
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

TEST(Timers, FinishStillWaitsForTheWorkersLastReports) {
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
