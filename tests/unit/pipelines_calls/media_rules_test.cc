// Which messages carry offers and answers, and what is a hold.
#include "pipelines/calls/media_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

const std::string kSendOnly = "a=sendonly\r\n";
const std::string kReceiveOnly = "a=recvonly\r\n";
const std::string kInactive = "a=inactive\r\n";

TEST(MediaRules, DelayedOfferIsAnsweredInTheAck) {
  Scenario play;
  play.from_caller(0, {});
  play.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  Sip ack{.method = "ACK", .to_tag = "bob", .branch = "z9hG4bKack"};
  ack.sdp = sdp({{}});
  play.from_caller(1.1, ack);
  EXPECT_EQ(play.bindings(), (Lines{"bind 10.0.0.2:5000", "bind 10.0.0.1:4000"}));
}

TEST(MediaRules, ReliableProvisionalAnsweredInPrack) {
  Scenario play;
  play.from_caller(0, {});
  play.from_callee(
      1, {.status = 183, .to_tag = "bob", .headers = "RSeq: 1\r\n", .sdp = sdp({callee_line()})});
  Sip prack{.method = "PRACK", .cseq = 2, .to_tag = "bob", .branch = "z9hG4bKp"};
  prack.headers = "RAck: 1 1 INVITE\r\n";
  prack.sdp = sdp({{}});
  play.from_caller(1.1, prack);
  EXPECT_EQ(play.bindings(), (Lines{"bind 10.0.0.2:5000", "bind 10.0.0.1:4000"}));
}

TEST(MediaRules, AnAnswerAloneTellsWhichDirectionsFlow) {
  const std::string both = "a=sendrecv\r\n";

  struct Case {
    std::string answer;
    bool ack;
    bool is_whole;
  };

  const std::vector<Case> cases = {{both, false, false},
                                   {kSendOnly, false, true},
                                   {kReceiveOnly, false, false},
                                   {kInactive, false, true},
                                   {both, true, true}};
  for (const Case& each : cases) {
    Scenario play;
    play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line(each.answer)})});
    Sip ack{.method = "ACK", .to_tag = "bob", .branch = "z9hG4bKack"};
    ack.sdp = sdp({{.attributes = kReceiveOnly}});
    if (each.ack) play.from_caller(3.1, ack);
    play.stream(12, callee_stream(3, 13));
    play.hang_up(13, true);
    play.finish(20);
    const RecordingInfo info = play.final_record().recording;
    const std::vector<RecordingReason> missing = {RecordingReason::kDirectionMissing};
    EXPECT_EQ(info.reasons, each.is_whole ? std::vector<RecordingReason>{} : missing)
        << each.answer << each.ack;
  }
}

TEST(MediaRules, HoldIsMeasured) {
  const std::vector<std::pair<Line, Line>> holds = {
      {{.attributes = kSendOnly}, callee_line(kReceiveOnly)},
      {{.attributes = kInactive}, callee_line(kInactive)},
      {{.ip = "0.0.0.0"}, callee_line()}};
  for (const auto& [offer, answer] : holds) {
    Scenario play;
    play.establish();
    play.renegotiate(5, {.cseq = 2, .offer = offer, .answer = answer});
    play.renegotiate(15, {.cseq = 3});
    play.hang_up(20, true);
    play.finish(30);
    EXPECT_EQ(play.final_record().hold_ms, 10000);
    EXPECT_EQ(play.final_record().talk_ms, 17000);
  }
}

TEST(MediaRules, OneWayAnswerAtSetupIsNoHold) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line(kSendOnly)})});
  play.hang_up(20, true);
  play.finish(30);
  EXPECT_EQ(play.final_record().hold_ms, 0);
}

}  // namespace
}  // namespace tapdeck::calls
