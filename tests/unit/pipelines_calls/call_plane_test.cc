// Messages find their calls: Call-IDs, realms, bounds, what is no call.
#include "pipelines/calls/call_plane.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

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

TEST(CallPlane, TheByeOfACallThatSilenceEndedOpensNoNewOne) {
  Scenario play;
  play.establish();
  play.stream(5, caller_stream(3, 5));
  play.advance(310);
  ASSERT_EQ(play.final_record().end_reason, EndReason::kMediaTimeout);
  play.hang_up(400, true);
  EXPECT_EQ(play.plane->open_call_count(), 0U);
  EXPECT_EQ(play.rejected("late"), 1U);
  play.renegotiate(500, {});  // it goes on after all: the rest is not lost
  EXPECT_EQ(play.plane->open_call_count(), 1U);
}

TEST(CallPlane, ASilentCallMakesRoomBeforeOthersAndHasEndedWithItsLastPacket) {
  for (const bool is_silent : {true, false}) {
    CallPlaneOptions options;
    options.calls_max = 2;
    Scenario play(options);
    play.establish();
    play.stream(5, caller_stream(3, 5));
    play.advance(60);
    play.from_caller(61, {.call_id = "ringing"});
    play.from_callee(61, {.status = 180, .call_id = "ringing", .to_tag = "carol"});
    if (is_silent) play.advance(66);
    play.from_caller(67, {.call_id = "third"});
    const CallRecord call = play.final_record();
    EXPECT_EQ(call.end_reason, is_silent ? EndReason::kMediaTimeout : EndReason::kCaptureEnded);
    EXPECT_EQ(call.call_id == "ringing", !is_silent);
    EXPECT_EQ(play.rejected("evicted_answered"), 0U);
  }
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

// More than are read together, and the call of each begins or ends among them.
TEST(CallPlane, MessagesThatAreDueTogetherAreTakenOneByOne) {
  Scenario play;
  SignalMessage message;
  message.source = {*parse_ip("10.1.0.1"), 5060};
  message.destination = {*parse_ip("10.1.0.2"), 5060};
  const auto put = [&](const Sip& sip) {
    const std::string text = sip.text();
    message.time_ns = at_ns(1) + static_cast<std::int64_t>(++message.order);
    message.bytes = as_bytes(text).data();
    message.length = static_cast<std::uint32_t>(text.size());
    play.plane->on_message(message);
  };
  for (int i = 0; i < 50; ++i) {
    const std::string id = "call" + std::to_string(i);
    put({.call_id = id, .branch = "z9hG4bK" + id});
    put({.status = 486, .call_id = id, .to_tag = "bob", .branch = "z9hG4bK" + id});
    if (i % 10 == 0) put({.method = "no method", .call_id = id});
  }
  play.advance(2);
  EXPECT_EQ(play.plane->open_call_count(), 50U);
  play.finish(3);
  EXPECT_EQ(play.finals().size(), 50U);
  for (const CallRecord& record : play.finals()) {
    EXPECT_EQ(record.outcome, CallOutcome::kBusy) << record.call_id;
  }
}

TEST(CallPlane, OtherMethodsAndGarbageOpenNoCall) {
  Scenario play;
  for (const char* method : {"REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"}) {
    play.from_caller(0, {.method = method, .call_id = method});
  }
  play.pass_bytes(1, "no sip at all");
  EXPECT_EQ(play.plane->open_call_count(), 0U);
  EXPECT_EQ(play.rejected("no_call"), 0U) << "they are events";
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

CallPlaneOptions with_trunks() {
  CallPlaneOptions options;
  options.numbering.numbers.default_region = "DE";
  options.numbering.trunks.resize(1);
  options.numbering.trunks[0].name = "carrier";
  options.numbering.trunks[0].networks = {"10.1.0.1"};
  options.numbering.internal_networks = {"10.1.0.2"};
  return options;
}

TEST(CallPlane, NumbersAreNormalisedAndDirectionFollowsFromTrunks) {
  Scenario play(with_trunks());
  play.from_caller(0,
                   {.headers = "P-Asserted-Identity: <sip:0711100@x>\r\n"
                               "Diversion: <sip:0049891234567@x>\r\n",
                    .from = "<sip:0711100@x>",
                    .to = "<sip:201@x>",
                    .uri = "sip:030123456@x"});
  play.from_callee(1,
                   {.status = 200,
                    .to_tag = "bob",
                    .headers = "P-Asserted-Identity: <sip:089123456@x>\r\n",
                    .from = "<sip:0711100@x>",
                    .to = "<sip:201@x>"});
  play.finish(2);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.direction, CallDirection::kInbound);
  EXPECT_EQ(call.trunk, "carrier");
  EXPECT_EQ(call.parties[0].number, "0711100");
  EXPECT_EQ(call.parties[0].e164, "+49711100");
  EXPECT_EQ(call.parties[1].number, "089123456") << "as the network asserts";
  EXPECT_EQ(call.parties[1].e164, "+4989123456");
  EXPECT_EQ(call.dialled, "030123456");
  EXPECT_EQ(call.dialled_e164, "+4930123456");
  EXPECT_EQ(call.asserted_e164, "+49711100");
  EXPECT_EQ(call.diverted_from_e164, "+49891234567");
  EXPECT_GE(play.plane->figures().numbers.misses, 4U);
  EXPECT_GE(play.plane->figures().numbers.hits, 1U) << "the caller's is asked twice";
}

TEST(CallPlane, ACallWithoutItsInviteHasItsDirectionFromTheResponse) {
  Scenario play(with_trunks());
  play.from_callee(1, {.status = 200, .to_tag = "bob"});
  play.finish(2);
  EXPECT_EQ(play.final_record().direction, CallDirection::kInbound);
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

TEST(CallPlane, AReportOfACallThatIsOverIsCounted) {
  Scenario play;
  play.establish();
  play.hang_up(4, true);
  play.finish(5);
  play.stream(6, caller_stream(4, 5));
  EXPECT_EQ(play.rejected("report_without_call"), 1U);
}

// Two of a source that floods, beside a call that rings and one with early media.
TEST(CallPlane, AFloodPaysForItselfAndNotForCallsInItsMidst) {
  CallPlaneOptions options;
  options.calls_max = 5;
  Scenario play(options);
  play.from_caller(0, {.call_id = "rings"});
  play.from_callee(0.1, {.status = 180, .call_id = "rings", .to_tag = "bob"});
  play.from_caller(0.2, {.call_id = "quiet"});
  play.from_caller(0.3, {.call_id = "media", .sdp = sdp({Line{}})});
  play.stream(0.4, callee_stream(0.3, 0.4));
  for (int i = 0; i < 20; ++i) {
    play.pass(1 + i, {.call_id = "flood" + std::to_string(i)}, "203.0.113.9", "10.1.0.2");
  }
  EXPECT_EQ(play.plane->open_call_count(), 5U);
  EXPECT_EQ(play.rejected("evicted_call"), 18U);
  EXPECT_EQ(play.rejected("evicted_answered"), 0U);
  EXPECT_EQ(play.plane->figures().flood_source, parse_ip("203.0.113.9"));
  for (const CallRecord& record : play.finals()) {
    EXPECT_TRUE(record.call_id.starts_with("flood")) << record.call_id;
  }
}

TEST(CallPlane, CallsThatWereGivenUpLeaveNoTimersBehind) {
  CallPlaneOptions options;
  options.calls_max = 16;
  options.setup_timeout_ns = 3'600'000'000'000;
  Scenario play(options);
  for (int i = 0; i < 70'000; ++i) play.from_caller(0.001 * i, {.call_id = std::to_string(i)});
  EXPECT_EQ(play.plane->open_call_count(), 16U);
  play.records.clear();
  play.finish(71);
  EXPECT_EQ(play.plane->open_call_count(), 0U);
}

TEST(CallPlane, AJumpOfTimeFiresEachTimerAtItsOwnTime) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1, {.status = 180, .to_tag = "bob"});
  play.advance(2'000);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.outcome, CallOutcome::kNoAnswer);
  EXPECT_EQ(call.ended_us, at_us(1));
  EXPECT_EQ(play.plane->open_call_count(), 0U) << "the release is due within the same jump";
}

TEST(CallPlane, AWorkerThatNeverAnswersHoldsNoCallForEver) {
  Scenario play;
  play.answer_releases = false;
  play.establish();
  play.stream(5,
              {.source = "10.0.0.1:4000", .destination = "10.0.0.2:5000", .first = 3, .last = 5});
  play.hang_up(13, true);
  play.advance(70);
  EXPECT_TRUE(play.finals().empty()) << "it may still answer";
  play.advance(80);
  EXPECT_EQ(play.plane->open_call_count(), 0U);
  EXPECT_EQ(play.rejected("release_unanswered"), 1U);
  const auto reasons = play.final_record().recording.reasons;
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), RecordingReason::kEarlyEnd), reasons.end());
}

}  // namespace
}  // namespace tapdeck::calls
