// What recordings may claim.
#include "pipelines/calls/recording_state.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Reasons = std::vector<RecordingReason>;

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

TEST(RecordingState, WhatWeDroppedWholeIsNotRecorded) {
  Rtp caller = caller_stream(3, 13);
  Rtp callee = callee_stream(3, 13);
  caller.lost_by_us = callee.lost_by_us = 100;
  EXPECT_EQ(judge({caller, callee}).state, RecordingState::kNotRecorded);
  EXPECT_EQ(judge({caller, callee}).reasons, Reasons{RecordingReason::kResources});
  EXPECT_EQ(judge({caller, callee}).duration_ms, 0);
  callee.lost_by_us = 99;
  EXPECT_EQ(judge({caller, callee}).state, RecordingState::kRecordedWithGaps);
  EXPECT_EQ(judge({caller, callee}).reasons, Reasons{RecordingReason::kLossByUs});
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
  const std::string inactive = "a=inactive\r\n";
  play.renegotiate(5, {.offer = {.attributes = inactive}, .answer = callee_line(inactive)});
  play.stream(12, caller_stream(3, 5));
  play.stream(12, callee_stream(3, 5));
  play.hang_up(60, false);
  play.finish(70);
  EXPECT_EQ(play.final_record().recording.state, RecordingState::kRecorded);
}

TEST(RecordingState, GapsTellWhereADirectionIsMissingAndWhatWasLost) {
  const RecordingInfo missing = judge({callee_stream(3, 13)});
  ASSERT_EQ(missing.gaps.size(), 1U);
  EXPECT_EQ(missing.gaps[0].reason, "direction_missing");
  EXPECT_EQ(missing.gaps[0].from_us, at_us(3));
  EXPECT_EQ(missing.gaps[0].to_us, at_us(13));
  Rtp lossy = caller_stream(5.5, 13);
  lossy.expected = 120;
  lossy.lost_by_us = 3;
  lossy.losses = {{LossCause::kWire, 6, 7, kGapPacketsMin},
                  {LossCause::kByUs, 8, 9, 2},
                  {LossCause::kPaused, 10, 11, 50},
                  {LossCause::kCut, 11.5, 12, 7}};
  Rtp once_more = lossy;
  once_more.losses = {{LossCause::kWire, 12, 12.5, kGapPacketsMin - 1}};
  const RecordingInfo info = judge({callee_stream(3, 13), lossy, once_more});
  std::vector<std::string> told;
  for (const RecordingGap& gap : info.gaps) {
    told.push_back(gap.reason + " " + std::to_string((gap.from_us - at_us(0)) / 100'000) + " " +
                   std::to_string((gap.to_us - at_us(0)) / 100'000) + " " +
                   std::to_string(gap.packets));
  }
  EXPECT_EQ(told,
            (std::vector<std::string>{"late_start 30 55 0",
                                      "loss_by_us 55 130 1",
                                      "loss 60 70 5",
                                      "loss_by_us 80 90 2",
                                      "paused 100 110 50",
                                      "truncated 115 120 7"}));
  EXPECT_EQ(info.gaps_left_out, 0U);
  EXPECT_EQ(info.reasons,
            (Reasons{RecordingReason::kLateStart,
                     RecordingReason::kLoss,
                     RecordingReason::kLossByUs,
                     RecordingReason::kPaused,
                     RecordingReason::kTruncated}));
}

TEST(RecordingState, GapsAreBoundedAndTheRestIsCounted) {
  Scenario play;
  play.establish();
  Rtp rtp = caller_stream(3, 609);
  rtp.expected = 10'000;
  for (int i = 0; i < 300; ++i) {
    rtp.losses = {{LossCause::kWire, 10.0 + 2 * i, 10.5 + 2 * i, 20}};
    ++rtp.packets;
    play.stream(10 + 2 * i, rtp);
  }
  play.stream(609, callee_stream(3, 609));
  play.hang_up(610, true);
  play.finish(620);
  const RecordingInfo info = play.final_record().recording;
  EXPECT_EQ(info.gaps.size(), 256U);
  EXPECT_EQ(info.gaps_left_out, 44U);
  EXPECT_EQ(info.gaps.front().from_us, at_us(10));
}

}  // namespace
}  // namespace tapdeck::calls
