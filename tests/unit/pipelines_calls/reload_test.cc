// Open calls of an earlier process go on, or are told to have been interrupted.
#include <algorithm>

#include <gtest/gtest.h>

#include "pipelines/calls/call_plane.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

TEST(Reload, BindsAgainAndGoesOnUnderTheSameUid) {
  Scenario before;
  before.establish();
  before.advance(5);
  Scenario after;
  after.go_on(before, before.records.back());
  EXPECT_EQ(after.order, (Lines{"bind", "bind"})) << "nothing is kept or put twice";
  EXPECT_EQ(after.bindings(), (Lines{"bind 10.0.0.1:4000", "bind 10.0.0.2:5000"}));
  after.hang_up(30, false);
  after.advance(40);
  const CallRecord call = after.final_record();
  EXPECT_EQ(call.uid, before.records[0].uid);
  EXPECT_EQ(call.version, before.records[0].version + 1);
  EXPECT_EQ(call.state, CallState::kEnded);
  EXPECT_EQ(call.answered_us, at_us(3));
  EXPECT_EQ(call.hangup_by, HangupBy::kCallee);
  EXPECT_EQ(call.sip_methods.at("INVITE"), 1U);
  EXPECT_EQ(call.port, "span0");
}

// Its terms are those of its creation, whatever the configuration says of its class by now.
TEST(Reload, AnotherRetentionClassIsForCallsToCome) {
  CallPlaneOptions options;
  options.retention_classes = {{"default", 90'000'000, 80'000'000, 95'000'000, true, 99'000'000}};
  Scenario before(options);
  before.establish();
  before.advance(5);
  options.retention_classes = {{"default", 1'000'000, 1'000'000, 1'000'000, false, 0}};
  Scenario after(options);
  after.go_on(before, before.records.back());
  after.hang_up(30, false);
  after.advance(40);
  const RecordingInfo& was = before.records.back().recording;
  const RecordingInfo is = after.final_record().recording;
  EXPECT_TRUE(is.locked);
  EXPECT_EQ(is.expires_us, was.expires_us);
  EXPECT_EQ(is.sip_expires_us, was.sip_expires_us);
  EXPECT_EQ(is.cdr_expires_us, was.cdr_expires_us);
  EXPECT_EQ(is.latest_us, was.latest_us);
}

TEST(Reload, DirectionAndTrunkOfARecordAreKept) {
  CallPlaneOptions options;
  options.numbering.trunks.resize(1);
  options.numbering.trunks[0].name = "carrier";
  options.numbering.trunks[0].networks = {"10.1.0.2"};
  options.numbering.internal_networks = {"10.1.0.1"};
  Scenario before(options);
  before.establish();
  before.advance(5);
  ASSERT_EQ(before.records.back().direction, CallDirection::kOutbound);
  Scenario after(options);
  after.plane->reload(before.records.back(), {{}, {}}, at_ns(20));  // its messages are lost
  after.hang_up(30, false);
  after.advance(40);
  EXPECT_EQ(after.final_record().direction, CallDirection::kOutbound);
  EXPECT_EQ(after.final_record().trunk, "carrier");
}

TEST(Reload, SilentCallIsInterrupted) {
  Scenario before;
  before.establish();
  before.advance(5);
  Scenario after;
  after.go_on(before, before.records.back());
  after.advance(79);
  EXPECT_TRUE(after.records.empty());
  after.advance(81);
  after.advance(90);
  const CallRecord call = after.final_record();
  EXPECT_EQ(call.state, CallState::kInterrupted);
  EXPECT_EQ(call.end_reason, EndReason::kCrash);
  EXPECT_EQ(call.ended_us, at_us(3.1));
  EXPECT_EQ(call.recording.reasons, std::vector{RecordingReason::kInterrupted});
}

TEST(Reload, MediaProvesThatACallIsAlive) {
  Scenario before;
  before.establish();
  before.advance(5);
  Scenario after;
  after.go_on(before, before.records.back());
  after.stream(50, {.source = "10.0.0.1:4000", .destination = "10.0.0.2:5000", .last = 50});
  after.advance(100);
  EXPECT_TRUE(after.records.empty());
}

TEST(Reload, HeldCallIsNotInterrupted) {
  Scenario before;
  before.establish();
  Sip hold{.cseq = 2, .to_tag = "bob", .branch = "z9hG4bKhold"};
  hold.sdp = sdp({{.attributes = "a=inactive\r\n"}});
  before.from_caller(11, hold);
  hold.status = 200;
  before.from_callee(11.5, hold);
  before.advance(15);
  Scenario after;
  after.go_on(before, before.records.back());
  after.advance(7'000);
  EXPECT_TRUE(after.records.empty());
}

TEST(Reload, RecordAloneIsEnoughToEndTheCall) {
  Scenario before;
  before.establish();
  Scenario after;
  after.plane->reload(before.records.back(), {{}, {}}, at_ns(20));
  after.hang_up(30, true);
  after.advance(40);
  const CallRecord call = after.final_record();
  EXPECT_EQ(call.uid, before.records[0].uid);
  EXPECT_EQ(call.start_us, at_us(0));
  EXPECT_EQ(call.talk_ms, 27000);
  EXPECT_EQ(call.caller, 0);
  EXPECT_EQ(call.hangup_by, HangupBy::kCaller);
  EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
}

// One row over both parts, and what passed while nobody looked is told, not guessed.
TEST(Reload, AStreamThatGoesOnHasOneRowAndTheOutageIsAGap) {
  const Rtp stream{.source = "10.0.0.1:4000", .destination = "10.0.0.2:5000"};
  Rtp part = stream;
  part.first = 2;
  part.last = 2.5;
  part.packets = 25;
  part.expected = 27;
  part.duplicates = 1;
  Scenario before;
  before.from_caller(0, {.sdp = sdp({{}})});
  before.stream(2.5, part);
  before.from_callee(
      3, {.status = 200, .to_tag = "bob", .sdp = sdp({{.ip = "10.0.0.2", .port = 5000}})});
  before.advance(5);
  ASSERT_EQ(before.records.back().media.size(), 1U);
  Scenario after;
  after.go_on(before, before.records.back());
  part = stream;
  part.first = 21;
  part.last = 30;
  part.packets = 450;
  part.expected = 450;
  after.stream(30, part);
  after.hang_up(31, true);
  after.advance(40);
  const CallRecord call = after.final_record();
  ASSERT_EQ(call.media.size(), 1U);
  EXPECT_EQ(call.media[0].packets, 475U);
  EXPECT_EQ(call.media[0].expected, 477U);
  EXPECT_EQ(call.media[0].lost, 2);
  EXPECT_EQ(call.media[0].duplicated, 1U);
  EXPECT_EQ(call.media[0].payload_packets.at(0), 475U);
  EXPECT_EQ(call.media[0].first_us, at_us(2));
  EXPECT_EQ(call.media[0].last_us, at_us(30));
  const auto& gaps = call.recording.gaps;
  const auto outage = std::find_if(gaps.begin(), gaps.end(), [](const RecordingGap& gap) {
    return gap.reason == "interrupted";
  });
  ASSERT_NE(outage, gaps.end());
  EXPECT_EQ(outage->from_us, at_us(3));
  EXPECT_EQ(outage->to_us, at_us(21));
  EXPECT_EQ(call.recording.state, RecordingState::kRecordedWithGaps);
  const auto& reasons = call.recording.reasons;
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), RecordingReason::kInterrupted),
            reasons.end());
}

// The record of the answer knows nothing of what was recorded after it; the store does.
TEST(Reload, KeptMediaCountAlsoWhenTheCallNeverComesBack) {
  Scenario before;
  before.establish();
  before.advance(5);
  StreamReport kept;
  kept.kind = StreamReportKind::kFinal;
  kept.media_kind = MediaKind::kAudio;
  kept.sender = 0;
  kept.receiver = 1;
  kept.ssrc = 7;
  kept.statistics.packet_count = kept.statistics.expected_count = 300;
  kept.statistics.payload_type_count = 1;
  kept.statistics.payload_types[0] = {.payload_type = 0, .packet_count = 300};
  kept.statistics.first_ns = at_ns(3);
  kept.statistics.last_ns = at_ns(9);
  Scenario after;
  after.go_on(before, before.records.back(), {kept});
  after.advance(90);
  const CallRecord call = after.final_record();
  EXPECT_EQ(call.state, CallState::kInterrupted);
  EXPECT_EQ(call.ended_us, at_us(9));
  ASSERT_EQ(call.media.size(), 1U);
  EXPECT_EQ(call.media[0].packets, 300U);
  EXPECT_EQ(call.recording.state, RecordingState::kRecordedWithGaps);
}

}  // namespace
}  // namespace tapdeck::calls
