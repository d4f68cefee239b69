// Pauses by order: of one call, of a conversation, of what joins it, and over a restart; and the
// strictest rule of a conversation.
#include "pipelines/calls/conversation_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/policy_scenario.h"

namespace tapdeck::calls {
namespace {

CallPlaneOptions by_header() {
  CallPlaneOptions options;
  options.conversation_headers = {"X-Talk"};
  options.pause_limit_ns = 60'000'000'000;
  return options;
}

PauseOrder order_of(const CallRecord& call, double time_s, bool resume = false) {
  return {call.uid, call.realm, call.call_id, resume, at_ns(time_s)};
}

PauseAnswer give(Scenario& play, const CallRecord& call, double time_s, bool resume = false) {
  return play.plane->order_pause(order_of(call, time_s, resume), at_ns(time_s));
}

std::vector<std::int64_t> times_of(const Scenario& play, BindOperation operation) {
  std::vector<std::int64_t> times;
  for (const BindMessage& message : play.binds) {
    if (message.operation == operation) times.push_back(message.time_ns);
  }
  return times;
}

using Times = std::vector<std::int64_t>;

// A second leg, with the header that joins it to the first.
void establish_leg(Scenario& play,
                   double time_s,
                   const std::string& call_id,
                   const std::string& header = "X-Talk: 7\r\n") {
  const Sip sip{.call_id = call_id, .branch = "z9hG4bK-" + call_id, .headers = header};
  Sip offer = sip;
  offer.sdp = sdp({{.ip = "10.0.1.1", .port = 4100}});
  play.from_caller(time_s, offer);
  Sip answer = sip;
  answer.status = 200;
  answer.to_tag = "bob";
  answer.sdp = sdp({{.ip = "10.0.1.2", .port = 5100}});
  play.from_callee(time_s + 1, answer);
}

TEST(Pauses, OneCallIsPausedAndGoesOn) {
  Scenario play(by_header());
  play.establish();
  const CallRecord call = play.records.at(0);
  EXPECT_EQ(give(play, call, 5).changed, 1U);
  EXPECT_EQ(play.records.back().recording.paused_since_us, at_us(5)) << "a restart knows of it";
  EXPECT_EQ(give(play, call, 6).changed, 0U) << "it is paused already";
  const PauseAnswer resumed = give(play, call, 7, true);
  EXPECT_TRUE(resumed.known);
  EXPECT_EQ(resumed.legs, 1U);
  EXPECT_EQ(resumed.changed, 1U);
  EXPECT_FALSE(play.records.back().recording.paused_since_us);
  EXPECT_EQ(times_of(play, BindOperation::kPause), (Times{at_ns(5)}));
  EXPECT_EQ(times_of(play, BindOperation::kResume), (Times{at_ns(7)}));
  EXPECT_EQ(play.pauses, (std::vector<PauseChange>{PauseChange::kPaused, PauseChange::kResumed}));
}

TEST(Pauses, APauseEndsByItselfAtItsLimit) {
  Scenario play(by_header());
  play.establish();
  give(play, play.records.at(0), 5);
  play.advance(64);
  EXPECT_TRUE(times_of(play, BindOperation::kResume).empty());
  play.stream(64, caller_stream(5, 64));
  play.advance(65.5);
  EXPECT_EQ(times_of(play, BindOperation::kResume).size(), 1U);
  EXPECT_EQ(play.pauses.back(), PauseChange::kEndedByLimit);
  EXPECT_FALSE(play.records.back().recording.paused_since_us);
}

TEST(Pauses, EveryLegObeysAndOneThatJoinsLaterIsPausedFromTheStartOn) {
  Scenario play(by_header());
  establish_leg(play, 0, "leg-1");
  establish_leg(play, 2, "leg-2");
  const CallRecord first = play.records.at(0);
  const PauseAnswer answer = give(play, first, 5);
  EXPECT_EQ(answer.legs, 2U);
  EXPECT_EQ(answer.changed, 2U);
  establish_leg(play, 8, "leg-3");
  EXPECT_EQ(times_of(play, BindOperation::kPause), (Times{at_ns(5), at_ns(5), at_ns(5)}));
  EXPECT_EQ(give(play, first, 9, true).changed, 3U);
  establish_leg(play, 10, "leg-4");
  EXPECT_EQ(times_of(play, BindOperation::kPause).size(), 3U) << "nothing is paused any more";
}

constexpr const char* kSession =
    "Session-ID: 11111111111111111111111111111111;remote=00000000000000000000000000000000\r\n";

// What joins the leg comes with a later INVITE of it.
void join_later(Scenario& play, double time_s, const std::string& call_id) {
  Sip again{.call_id = call_id, .branch = "z9hG4bK-again", .headers = kSession};
  again.cseq = 2;
  again.to_tag = "bob";
  again.sdp = sdp({{.ip = "10.0.2.1", .port = 4200}});
  play.from_caller(time_s, again);
  play.advance(time_s + 1);
}

TEST(Pauses, OfALegThatJoinsWhatWasKeptInThePauseIsDestroyed) {
  Scenario play(by_header());
  play.establish();
  establish_leg(play, 0.5, "leg-1", kSession);
  const CallRecord paused = play.records.back();
  ASSERT_EQ(paused.call_id, "leg-1");
  const Uid other = play.records.at(0).uid;
  ASSERT_NE(other, paused.uid);
  give(play, paused, 5);
  EXPECT_TRUE(play.cut.empty()) << "its own leg's packets are taken out in memory";
  join_later(play, 8, play.records.at(0).call_id);
  const MediaSpan lasting{.from_us = at_us(5)};
  ASSERT_EQ(play.cut.size(), 1U);
  EXPECT_EQ(play.cut[0], std::pair(other, lasting));
  EXPECT_EQ(play.cut_causes[0], CutCause::kPause);
  give(play, paused, 9, true);
  ASSERT_EQ(play.cut.size(), 2U);
  EXPECT_EQ(play.cut[1], std::pair(other, MediaSpan{.from_us = at_us(5), .to_us = at_us(9)}));
  join_later(play, 11, play.records.at(0).call_id);
  EXPECT_EQ(play.cut.size(), 2U) << "once";
}

TEST(Pauses, OfALegThatJoinsAfterwardsLikewise) {
  Scenario play(by_header());
  play.establish();
  establish_leg(play, 0.5, "leg-1", kSession);
  const CallRecord paused = play.records.back();
  const CallRecord other = play.records.at(0);
  give(play, paused, 5);
  give(play, paused, 7, true);
  join_later(play, 8, other.call_id);
  ASSERT_EQ(play.cut.size(), 1U);
  EXPECT_EQ(play.cut[0], std::pair(other.uid, MediaSpan{.from_us = at_us(5), .to_us = at_us(7)}));
  establish_leg(play, 9, "leg-3", kSession);
  EXPECT_EQ(play.cut.size(), 1U) << "it began after the pause";
  EXPECT_EQ(times_of(play, BindOperation::kPause), (Times{at_ns(5)}));
}

TEST(Pauses, WhatIsNotOpenIsNotKnown) {
  Scenario play(by_header());
  play.establish();
  CallRecord call = play.records.at(0);
  PauseOrder other = order_of(call, 5);
  other.uid = make_uid(1, {});
  EXPECT_FALSE(play.plane->order_pause(other, at_ns(5)).known);
  play.hang_up(6, true);
  EXPECT_FALSE(give(play, call, 7).known);
  EXPECT_TRUE(times_of(play, BindOperation::kPause).empty());
}

TEST(Pauses, ARestartGoesOnPaused) {
  Scenario before(by_header());
  before.establish();
  give(before, before.records.at(0), 5);
  const CallRecord record = before.records.back();
  Scenario play(by_header());
  play.plane->reload(record, {{}, {}}, at_ns(20));
  EXPECT_EQ(times_of(play, BindOperation::kPause), (Times{at_ns(5)}));
  EXPECT_EQ(play.plane->order_pause(order_of(record, 30, true), at_ns(30)).changed, 1U);
  EXPECT_EQ(times_of(play, BindOperation::kResume), (Times{at_ns(30)}));
}

// Its record is of an earlier version, which does not say who ordered it.
TEST(Pauses, ARestartNeitherCutsTheLimitOfARuleNorTellsThePauseAgain) {
  CallPlaneOptions options = by_header();
  options.policy = sources_of("default: {pause: {dtmf: {pause: '7'}, limit_s: 100}}\n");
  Scenario before(options);
  before.establish();
  give(before, before.records.at(0), 5);
  CallRecord told = before.records.back();
  told.recording.pause.reset();
  CallPlaneOptions again = by_header();
  again.policy = sources_of("default: {pause: {dtmf: {pause: '7'}, limit_s: 100}}\n");
  Scenario play(std::move(again));
  play.plane->reload(told, {{}, {}}, at_ns(20));
  EXPECT_TRUE(play.pauses.empty());
  play.renegotiate(50, {});
  for (const double time_s : {85.0, 115.0}) play.stream(time_s, caller_stream(60, time_s));
  play.advance(119);
  EXPECT_TRUE(times_of(play, BindOperation::kResume).empty());
  play.advance(121);
  EXPECT_EQ(play.pauses, (std::vector<PauseChange>{PauseChange::kEndedByLimit}));
}

TEST(Pauses, AKeyedCodePausesEveryLeg) {
  CallPlaneOptions options = by_header();
  options.policy = sources_of("default: {pause: {dtmf: {pause: '7', resume: '8'}, limit_s: 9}}\n");
  Scenario play(std::move(options));
  establish_leg(play, 0, "leg-1");
  establish_leg(play, 2, "leg-2");
  EXPECT_TRUE(play.binds.at(0).tell_keys);
  Rtp key = caller_stream(4, 5);
  key.report = StreamReportKind::kKey;
  key.key = 7;
  play.stream(5, key);
  EXPECT_EQ(times_of(play, BindOperation::kPause), (Times{at_ns(5), at_ns(5)}));
  key.key = 8;
  key.last = 6;
  play.stream(6, key);
  EXPECT_EQ(times_of(play, BindOperation::kResume), (Times{at_ns(6), at_ns(6)}));
  EXPECT_EQ(play.pause_causes, std::vector<PauseCause>(4, PauseCause::kDtmf));
}

// Legs are told apart by their dialled numbers.
void establish_leg_to(Scenario& play, double time_s, const std::string& number) {
  Sip offer{.call_id = number, .branch = "z9hG4bK-" + number, .headers = "X-Talk: 7\r\n"};
  offer.uri = "sip:" + number + "@example.org";
  offer.to = "<" + offer.uri + ">";
  offer.sdp = sdp({{.ip = "10.0.1.1", .port = 4100}});
  play.from_caller(time_s, offer);
}

TEST(ConversationRules, TheStrictestRuleHoldsForAllLegs) {
  CallPlaneOptions options = by_header();
  options.policy = sources_of(
      "rules:\n"
      "- {name: quiet, match: {callee: 4711}, record: none}\n"
      "- {name: sampled, match: {callee: 4712}, sample: 0}\n");
  Scenario play(std::move(options));
  const auto muted = [&play] { return times_of(play, BindOperation::kMute).size(); };
  establish_leg_to(play, 0, "100");
  establish_leg_to(play, 1, "4712");
  EXPECT_EQ(muted(), 1U) << "what is left out by chance says nothing of the others";
  establish_leg_to(play, 2, "4711");
  EXPECT_EQ(muted(), 3U);
  establish_leg_to(play, 3, "101");
  EXPECT_EQ(muted(), 4U);
  play.finish(200);
  for (const CallRecord& call : play.finals()) {
    const char* const rule = call.dialled == "4712" ? "sampled" : "quiet";
    EXPECT_EQ(call.recording.policy_rule, rule) << call.call_id;
  }
}

}  // namespace
}  // namespace tapdeck::calls
