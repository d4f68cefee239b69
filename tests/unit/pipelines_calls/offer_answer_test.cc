// Addresses that workers are told of, by offers and answers.
#include "pipelines/calls/offer_answer.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

TEST(OfferAnswer, EarlyMediaOfForksBindsEachUntilOneAnswers) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1,
                   {.status = 183, .to_tag = "f1", .sdp = sdp({{.ip = "10.0.0.2", .port = 5000}})});
  play.from_callee(2,
                   {.status = 183, .to_tag = "f2", .sdp = sdp({{.ip = "10.0.0.3", .port = 6000}})});
  EXPECT_EQ(play.binds.back().receiver, 2);
  play.from_callee(4,
                   {.status = 200, .to_tag = "f2", .sdp = sdp({{.ip = "10.0.0.3", .port = 6000}})});
  EXPECT_EQ(play.bindings(),
            (Lines{"bind 10.0.0.1:4000",
                   "bind 10.0.0.2:5000",
                   "bind 10.0.0.3:6000",
                   "unbind 10.0.0.2:5000"}));
  play.finish(10);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.parties.size(), 3U);
  EXPECT_EQ(call.callee, 2);
  EXPECT_EQ(call.parties[1].role, PartyRole::kFork);
  EXPECT_EQ(call.parties[1].to_us, at_us(4));
  EXPECT_EQ(call.parties[2].role, PartyRole::kCallee);
  EXPECT_EQ(call.to_tag, "f2");
  EXPECT_FALSE(call.ringing_us);
  EXPECT_EQ(call.progress_us, at_us(1));
}

TEST(OfferAnswer, ReInviteAndUpdateMoveMediaOnceAccepted) {
  for (const std::string method : {"INVITE", "UPDATE"}) {
    Scenario play;
    play.establish();
    play.renegotiate(5, {.cseq = 2, .offer = {.ip = "10.0.0.9", .port = 4400}, .method = method});
    EXPECT_EQ(play.bindings(),
              (Lines{"bind 10.0.0.1:4000",
                     "bind 10.0.0.2:5000",
                     "bind 10.0.0.9:4400",
                     "unbind 10.0.0.1:4000"}));
    EXPECT_EQ(play.binds[2].time_ns, at_ns(5));
    EXPECT_EQ(play.binds[3].time_ns, at_ns(5.5));
  }
}

TEST(OfferAnswer, RefusedReInviteLeavesTheOldAddress) {
  Scenario play;
  play.establish();
  Sip sip{.cseq = 2, .to_tag = "bob", .branch = "z9hG4bKre"};
  sip.sdp = sdp({{.ip = "10.0.0.9", .port = 4400}});
  play.from_caller(5, sip);
  sip.status = 488;
  sip.sdp.clear();
  play.from_callee(5.5, sip);
  EXPECT_EQ(play.bindings(),
            (Lines{"bind 10.0.0.1:4000",
                   "bind 10.0.0.2:5000",
                   "bind 10.0.0.9:4400",
                   "unbind 10.0.0.9:4400"}));
  play.hang_up(9, true);
  play.finish(10);
  EXPECT_EQ(play.final_record().status_code, 200);
}

TEST(OfferAnswer, BindingCarriesDynamicClocksAndTheMediaLine) {
  Scenario play;
  const Line audio{.formats = "0 96", .attributes = "a=rtpmap:96 opus/48000/2\r\n"};
  const Line video{
      .media = "video", .port = 4002, .formats = "97", .attributes = "a=rtpmap:97 H264/90000\r\n"};
  const Line refused{.media = "audio", .port = 0};
  play.from_caller(0, {.sdp = sdp({audio, refused, video})});
  ASSERT_EQ(play.binds.size(), 2U);
  EXPECT_EQ(play.binds[0].kind, MediaKind::kAudio);
  ASSERT_EQ(play.binds[0].payload_clock_count, 1);
  EXPECT_EQ(play.binds[0].payload_clocks[0].payload_type, 96);
  EXPECT_EQ(play.binds[0].payload_clocks[0].clock_rate_hz, 48000U);
  EXPECT_EQ(play.binds[1].kind, MediaKind::kVideo);
  EXPECT_EQ(play.binds[1].media_index, 2);
}

TEST(OfferAnswer, ClockRatesThatNoCodecHasAreUnknown) {
  Scenario play;
  play.from_caller(
      0,
      {.sdp = sdp({{.formats = "96 97",
                    .attributes = "a=rtpmap:96 x/16777216\r\na=rtpmap:97 y/16777215\r\n"}})});
  ASSERT_EQ(play.binds.size(), 1U);
  ASSERT_EQ(play.binds[0].payload_clock_count, 1);
  EXPECT_EQ(play.binds[0].payload_clocks[0].payload_type, 97);
  EXPECT_EQ(play.binds[0].payload_clocks[0].clock_rate_hz, 16'777'215U);
}

TEST(OfferAnswer, PlaceholderAddressesAreNotBound) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{.ip = "0.0.0.0", .port = 4000}})});
  play.from_caller(0, {.call_id = "2", .sdp = sdp({{.ip = "10.0.0.1", .port = 9}})});
  EXPECT_TRUE(play.binds.empty());
}

TEST(OfferAnswer, BothSidesOfABorderElementBelongToTheCall) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  Sip inner{.branch = "z9hG4bKinner", .vias = 2, .sdp = sdp({{.ip = "10.0.5.1", .port = 7000}})};
  play.pass(0.1, inner, "10.1.0.2", "10.1.0.3");
  inner.status = 200;
  inner.to_tag = "bob";
  inner.sdp = sdp({callee_line()});
  play.pass(2, inner, "10.1.0.3", "10.1.0.2");
  play.from_callee(
      2.1, {.status = 200, .to_tag = "bob", .sdp = sdp({{.ip = "10.0.5.2", .port = 7002}})});
  EXPECT_EQ(
      play.bindings(),
      (Lines{
          "bind 10.0.0.1:4000", "bind 10.0.5.1:7000", "bind 10.0.0.2:5000", "bind 10.0.5.2:7002"}));
  EXPECT_EQ(play.binds[0].receiver, 0);
  EXPECT_EQ(play.binds[1].receiver, 0);
  EXPECT_EQ(play.binds[2].receiver, 1);
  EXPECT_EQ(play.binds[3].receiver, 1);
  play.finish(4);
  EXPECT_EQ(play.final_record().answered_us, at_us(2));
}

TEST(OfferAnswer, CandidatesAndAnAddressOfRtcpAreBoundBehindTheMediaItself) {
  Scenario play;
  Line line;
  line.attributes =
      "a=rtcp:4444\r\n"
      "a=candidate:1 1 UDP 1 10.0.0.7 6000 typ host\r\n"
      "a=candidate:1 2 UDP 1 10.0.0.7 6001 typ host\r\n"
      "a=candidate:2 1 UDP 1 10.0.0.1 4000 typ srflx\r\n";
  play.from_caller(0, {.sdp = sdp({line})});
  EXPECT_EQ(play.bindings(),
            (Lines{"bind 10.0.0.1:4000", "bind 10.0.0.7:6000", "bind 10.0.0.1:4444"}));
  EXPECT_FALSE(play.binds[1].no_rtp);
  EXPECT_TRUE(play.binds[2].no_rtp);
}

TEST(OfferAnswer, AnAddressOfRtcpBesideTheMediaNeedsNoBinding) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{.attributes = "a=rtcp:4001\r\n"}})});
  EXPECT_EQ(play.bindings(), Lines{"bind 10.0.0.1:4000"});
}

TEST(OfferAnswer, WhereMediaComesFromIsLearntUntilSdpNamesIt) {
  Scenario play;
  play.establish();
  Rtp rtp = caller_stream(3, 4);
  rtp.source = "203.0.113.9:34567";
  rtp.sender = kNoParty;
  play.stream(4, rtp);
  play.stream(5, rtp);
  ASSERT_EQ(play.binds.size(), 3U) << "once";
  EXPECT_EQ(play.bindings().back(), "bind 203.0.113.9:34567");
  EXPECT_TRUE(play.binds[2].learnt);
  EXPECT_EQ(play.binds[2].receiver, 0) << "the caller, as the callee has it";
  EXPECT_EQ(play.binds[2].time_ns, at_ns(3)) << "from its first packet on";
  play.renegotiate(6, {.cseq = 2, .offer = {.ip = "203.0.113.9", .port = 34567}});
  EXPECT_EQ(play.bindings()[3], "bind 203.0.113.9:34567");
  EXPECT_FALSE(play.binds[3].learnt);
  play.hang_up(9, true);
  EXPECT_EQ(std::ranges::count(play.bindings(), "unbind 203.0.113.9:34567"), 1);
}

TEST(OfferAnswer, FewAddressesAreLearntAndNoneFromStreamsBoundOtherwise) {
  Scenario play;
  play.establish();
  Rtp rtp = caller_stream(3, 4);
  rtp.sender = 0;
  rtp.receiver = 1;
  rtp.source = "203.0.113.9:1000";
  play.stream(4, rtp);  // its source is named
  rtp.sender = kNoParty;
  rtp.receiver = kNoParty;
  rtp.ssrc = 2;
  play.stream(4, rtp);  // bound by what was learnt elsewhere
  EXPECT_EQ(play.binds.size(), 2U);
  rtp.receiver = 1;
  for (std::uint32_t i = 0; i < 2 * kLearntAddressesMax; ++i) {
    rtp.source = "203.0.113.9:" + std::to_string(2'000 + i);
    rtp.ssrc = 10 + i;
    play.stream(4, rtp);
  }
  EXPECT_EQ(play.binds.size(), 2 + kLearntAddressesMax);
}

}  // namespace
}  // namespace tapdeck::calls
