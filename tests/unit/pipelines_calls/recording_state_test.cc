// What recordings may claim.
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

}  // namespace
}  // namespace tapdeck::calls
