// What calls become of policy: decided at INVITE, again when more is known, kept over a restart.
#include "pipelines/calls/call_policy.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "config/directory_load.h"
#include "tests/unit/pipelines_calls/policy_scenario.h"

namespace tapdeck::calls {
namespace {

class Play : public Scenario {
 public:
  using Scenario::Scenario;

  [[nodiscard]] std::vector<std::string> operations() const {
    std::vector<std::string> names;
    for (const BindMessage& message : binds) {
      if (message.operation == BindOperation::kMute) names.emplace_back("mute");
      if (message.operation == BindOperation::kUnmute) names.emplace_back("unmute");
      if (message.operation == BindOperation::kBind) {
        names.emplace_back(message.keep ? "bind" : "bind unwanted");
      }
    }
    return names;
  }
};

using Names = std::vector<std::string>;

void play_whole(Play& play) {
  play.establish();
  play.stream(4, caller_stream(4, 6));
  play.stream(4, callee_stream(4, 6));
  play.hang_up(7, true);
  play.finish(20);
}

TEST(CallPolicy, WhatIsNotToBeRecordedIsMutedBeforeItsFirstBinding) {
  Play play(with("rules:\n- {name: quiet, match: {caller: '+49711*'}, record: none}\n"));
  play_whole(play);
  ASSERT_GE(play.operations().size(), 2U);
  EXPECT_EQ(play.operations()[0], "mute");
  EXPECT_EQ(std::ranges::count(play.operations(), "unmute"), 0);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
  EXPECT_EQ(call.recording.reasons, (std::vector{RecordingReason::kPolicy}));
  EXPECT_EQ(call.recording.policy_rule, "quiet");
  EXPECT_EQ(call.recording.duration_ms, 0);
  EXPECT_EQ(call.media.size(), 2U) << "it is logged";
  EXPECT_EQ(play.plane->figures().recordings, 0U);
}

TEST(CallPolicy, ACallThatNoRuleFitsGoesByTheDefault) {
  Play play(
      with("rules:\n- {name: quiet, match: {caller: 7}, record: none}\n"
           "default: {record: audio+video, class: imported}\n"));
  play_whole(play);
  EXPECT_EQ(std::ranges::count(play.operations(), "mute"), 0);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.recording.policy_rule, "default");
  EXPECT_EQ(call.recording.retention_class, "imported");
  EXPECT_FALSE(call.recording.expires_us);
  for (const BindMessage& message : play.binds) EXPECT_EQ(message.retention_class, 1);
}

TEST(CallPolicy, OfVideoTheStreamsAreCountedWhereAudioIsEnough) {
  Play play(with("default: {record: audio}\n"));
  play.from_caller(0, {.sdp = sdp({{}, {.media = "video", .port = 4002, .formats = "96"}})});
  play.from_callee(
      1,
      {.status = 200,
       .to_tag = "bob",
       .sdp = sdp({callee_line(), {.media = "video", .ip = "10.0.0.2", .port = 5002}})});
  EXPECT_EQ(std::ranges::count(play.operations(), "bind unwanted"), 2);
  EXPECT_GE(std::ranges::count(play.operations(), "bind"), 2);
}

TEST(CallPolicy, EarlyMediaMayBeLeftOut) {
  Play play(with("default: {early_media: discard}\n"));
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1, {.status = 183, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_EQ(play.operations().at(0), "mute");
  EXPECT_EQ(std::ranges::count(play.operations(), "unmute"), 0);
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_EQ(std::ranges::count(play.operations(), "unmute"), 1);
  play.stream(3, caller_stream(3, 6));
  play.stream(3, callee_stream(3, 6));
  play.from_caller(7, {.method = "BYE", .cseq = 2, .to_tag = "bob"});
  play.finish(20);
  EXPECT_EQ(play.final_record().recording.state, RecordingState::kRecorded);
}

TEST(CallPolicy, WhoIsBroughtInByAnUpdateMayUndoARecording) {
  Play play(with("rules:\n- {name: quiet, match: {asserted: 4711}, record: none}\n"));
  play.establish();
  play.stream(3.5, caller_stream(3.5, 4.5));
  play.from_caller(5,
                   {.method = "UPDATE",
                    .cseq = 2,
                    .to_tag = "bob",
                    .headers = "P-Asserted-Identity: <sip:4711@example.org>\r\n"});
  EXPECT_EQ(play.operations().back(), "mute");
  EXPECT_EQ(play.plane->figures().recordings, 0U);
  play.hang_up(7, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  EXPECT_EQ(play.shredded, std::vector<Uid>{call.uid});
  EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
  EXPECT_EQ(call.recording.reasons, std::vector<RecordingReason>{RecordingReason::kPolicy});
  EXPECT_TRUE(call.recording.gaps.empty());
}

// Media that waited for the INVITE is written before any report tells of it.
TEST(CallPolicy, ADecisionAgainstItAtTheAnswerLeavesNothing) {
  Play play(with("rules:\n- {name: quiet, match: {number: '9*'}, record: none}\n"));
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1,
                   {.status = 200,
                    .to_tag = "bob",
                    .headers = "P-Asserted-Identity: <sip:911@example.org>\r\n",
                    .sdp = sdp({callee_line()})});
  EXPECT_EQ(play.shredded.size(), 1U) << "no report is waited for";
  play.stream(2, caller_stream(2, 4));
  play.stream(2, callee_stream(2, 4));
  play.hang_up(7, true);
  play.finish(20);
  EXPECT_EQ(play.shredded.size(), 1U);
  EXPECT_EQ(play.final_record().recording.reasons, (std::vector{RecordingReason::kPolicy}));
}

TEST(CallPolicy, OfSeveralDecisionsTheStricterHoldsForEachAction) {
  Play play(
      with("rules:\n- {name: audio, match: {callee: 911}, record: audio, mask_dtmf: false}\n"
           "- {name: discreet, match: {callee: 200}, log: masked, early_media: discard}\n"));
  play.from_caller(0, {.sdp = sdp({{}})});
  play.from_callee(1,
                   {.status = 183,
                    .to_tag = "bob",
                    .headers = "P-Asserted-Identity: <sip:911@example.org>\r\n",
                    .sdp = sdp({callee_line()})});
  EXPECT_EQ(play.operations().at(0), "mute");
  EXPECT_EQ(std::ranges::count(play.operations(), "unmute"), 0);
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_TRUE(play.binds.back().mask_keys);
  play.hang_up(7, true);
  play.finish(20);
  EXPECT_EQ(play.final_record().recording.policy_rule, "audio");
  EXPECT_EQ(play.final_record().dialled, "xxx");
  EXPECT_TRUE(play.kept().empty());
}

TEST(CallPolicy, HeadersOfTheInviteAreAskedFor) {
  Play play(
      with("rules:\n- {name: gold, match: {header: {X-Account: 'gold*'}}, record: audio}\n"
           "default: {record: none}\n"));
  play.from_caller(0, {.headers = "X-Account: Gold 7\r\n", .sdp = sdp({{}})});
  play.from_caller(0, {.call_id = "other", .branch = "z9hG4bKo", .sdp = sdp({{.port = 4100}})});
  play.finish(10);
  std::vector<std::string> rules;
  for (const CallRecord& call : play.finals()) rules.push_back(call.recording.policy_rule);
  std::ranges::sort(rules);
  EXPECT_EQ(rules, (Names{"default", "gold"}));
}

TEST(CallPolicy, AMaskedLogKeepsNoMessagesAndNoNumbers) {
  Play play(with("default: {log: masked}\n"));
  play_whole(play);
  EXPECT_TRUE(play.kept().empty());
  for (const CallRecord& call : play.records) {
    EXPECT_EQ(call.parties.at(0).number.substr(call.parties.at(0).number.size() - 3), "xxx");
    EXPECT_EQ(call.parties.at(0).name, "");
  }
  EXPECT_EQ(play.final_record().recording.state, RecordingState::kRecorded);
}

TEST(CallPolicy, OfACallThatIsNotLoggedATallyIsLeft) {
  Play play(with("default: {record: none, log: none}\n"));
  play_whole(play);
  EXPECT_TRUE(play.kept().empty());
  ASSERT_EQ(play.records.size(), 1U) << "nothing is told before the end";
  EXPECT_TRUE(play.records[0].final);
  EXPECT_EQ(play.records[0].call_id, "");
  EXPECT_EQ(play.records[0].outcome, CallOutcome::kAnswered);
  EXPECT_EQ(play.records[0].recording.reasons, (std::vector{RecordingReason::kPolicy}));
}

TEST(CallPolicy, NewRulesHoldFromTheNextDecisionOn) {
  Play play(with("default: {record: audio}\n"));
  play.establish();
  PolicySources sources = sources_of("default: {record: none}\n");
  play.plane->swap_policy(sources);
  EXPECT_EQ(sources.set->policies().fallback.record, config::RecordChoice::kAudio);
  play.renegotiate(5, {});
  EXPECT_EQ(play.operations().back(), "mute");
}

TEST(CallPolicy, AHeaderFieldPausesAndResumes) {
  Play play(
      with("default:\n  pause: {header: {name: X-Card, pause: begin, resume: end},"
           " limit_s: 30}\n"));
  play.establish();
  const auto say = [&play](double time_s, int cseq, const std::string& value) {
    play.from_caller(
        time_s,
        {.method = "INFO", .cseq = cseq, .to_tag = "bob", .headers = "x-card: " + value + "\r\n"});
  };
  say(5, 2, "Begin");
  say(6, 3, "begin");
  say(7, 4, "end");
  say(8, 5, "begin");
  play.advance(39);
  EXPECT_EQ(play.pauses,
            (std::vector{PauseChange::kPaused,
                         PauseChange::kResumed,
                         PauseChange::kPaused,
                         PauseChange::kEndedByLimit}));
}

TEST(CallPolicy, UnderOverloadTheLowerPriorityGoes) {
  Play play(with("rules:\n- {name: low, match: {callee: '201'}, priority: 10}\n"));
  const auto call = [&play](double time_s, const std::string& id, const std::string& number) {
    const Sip sip{.call_id = id, .branch = "z9hG4bK" + id, .uri = "sip:" + number + "@x"};
    Sip offer = sip;
    offer.sdp = sdp({{.ip = "10.0.1." + number, .port = 4100}});
    play.from_caller(time_s, offer);
    Sip answer = sip;
    answer.status = 200;
    answer.to_tag = "bob";
    answer.sdp = sdp({{.ip = "10.0.2." + number, .port = 5100}});
    play.from_callee(time_s + 0.1, answer);
  };
  call(1, "low", "201");
  call(2, "high", "202");
  const Uid low = play.records.at(0).uid;
  play.plane->on_media_room({.spare = 1.0 / 32}, at_ns(3));  // half of them must go
  const auto first = std::ranges::find(play.binds, BindOperation::kCut, &BindMessage::operation);
  ASSERT_NE(first, play.binds.end());
  EXPECT_EQ(first->recording, low) << "though it is older";
}

TEST(CallPolicy, ARestartKeepsTheDecision) {
  const std::string rules =
      "rules:\n- {name: one in none, match: {callee: '200'}, sample: 0%}\n"
      "- {name: all, record: audio}\n";
  Play before(with(rules));
  before.establish();
  const CallRecord told = before.records.at(0);
  EXPECT_EQ(told.recording.policy_rule, "one in none");
  Play after(with(rules));
  const std::vector<SignalMessage> messages;
  const std::vector<StreamReport> media;
  after.plane->reload(told, {messages, media}, at_ns(20));
  EXPECT_EQ(after.operations(), (Names{"mute"}));
}

bool is_muted(const Play& play) {
  const Names names = play.operations();
  return std::ranges::count(names, "mute") > std::ranges::count(names, "unmute");
}

TEST(CallPolicy, AfterARestartWhatWasForbiddenStaysSoWhateverBecameOfItsRule) {
  Play before(with("default: {record: none}\n"));
  before.establish();
  const CallRecord told = before.records.back();
  for (const char* const rules : {"default: {record: audio}\n", "rules:\n- {name: new}\n"}) {
    Play after(with(rules));
    after.go_on(before, told);
    EXPECT_EQ(after.shredded, std::vector<Uid>{told.uid}) << "it may have crashed before";
    after.renegotiate(25, {});
    EXPECT_TRUE(is_muted(after)) << rules;
    after.hang_up(30, true);
    after.finish(60);
    EXPECT_EQ(after.final_record().recording.reasons, (std::vector{RecordingReason::kPolicy}));
    EXPECT_EQ(after.final_record().recording.policy_rule, "default");
  }
  Play without;
  without.go_on(before, told);
  EXPECT_TRUE(is_muted(without)) << "there are no rules any more";
}

TEST(CallPolicy, AfterARestartARuleThatIsGoneIsReplacedByTheFirstThatFits) {
  Play before(with("rules:\n- {name: old, match: {caller: '+49711*'}}\n"));
  before.establish();
  Play after(with("rules:\n- {name: quiet, match: {caller: '+49711*'}, record: none}\n"));
  after.go_on(before, before.records.back());
  EXPECT_TRUE(is_muted(after));
  EXPECT_EQ(after.shredded.size(), 1U);
  EXPECT_EQ(after.records.back().recording.policy_rule, "quiet");
}

TEST(CallPolicy, AfterARestartMaskedNumbersLoosenNothing) {
  const std::string rule = "rules:\n- {name: vip, match: {caller: '+49711100'}, log: masked}\n";
  Play before(with(rule));
  before.establish();
  Play after(with(rule));
  after.go_on(before, before.records.back());
  EXPECT_FALSE(is_muted(after));
  after.renegotiate(25, {});
  after.hang_up(30, true);
  after.finish(60);
  EXPECT_TRUE(after.kept().empty());
  EXPECT_EQ(after.final_record().recording.policy_rule, "vip");
  Play renamed(with("rules:\n- {name: other, match: {caller: '+49711100'}, log: masked}\n"));
  renamed.go_on(before, before.records.back());
  EXPECT_TRUE(is_muted(renamed)) << "nobody knows whether it may be recorded";
  EXPECT_TRUE(renamed.shredded.empty());
  renamed.renegotiate(25, {});
  EXPECT_TRUE(is_muted(renamed));
  renamed.hang_up(30, true);
  renamed.finish(60);
  EXPECT_TRUE(renamed.kept().empty());
}

TEST(CallPolicy, AfterARestartTheHeadersOfTheInviteAreKnown) {
  const std::string rules =
      "rules:\n- {name: gold, match: {header: {X-Account: gold}}, record: audio}\n"
      "default: {record: none}\n";
  Play before(with(rules));
  before.from_caller(0, {.headers = "X-Account: gold\r\n", .sdp = sdp({{}})});
  before.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  Play after(with(rules));
  after.go_on(before, before.records.back());
  after.renegotiate(25, {});
  EXPECT_FALSE(is_muted(after));
  EXPECT_TRUE(after.shredded.empty());
}

TEST(CallPolicy, AStricterDecisionIsInTheRecordAtOnce) {
  Play play(with("rules:\n- {name: quiet, match: {asserted: 4711}, record: none}\n"));
  play.establish();
  play.from_caller(5,
                   {.method = "UPDATE",
                    .cseq = 2,
                    .to_tag = "bob",
                    .headers = "P-Asserted-Identity: <sip:4711@example.org>\r\n"});
  EXPECT_FALSE(play.records.back().final);
  EXPECT_EQ(play.records.back().recording.policy_rule, "quiet");
  EXPECT_EQ(play.records.back().recording.reasons, (std::vector{RecordingReason::kPolicy}));
}

TEST(CallPolicy, TheDirectorySaysWhoseACallIs) {
  auto loaded = config::load_directory_text(
      "agents:\n- {name: Anna, numbers: '+49711100', team: hotline}\n", "d", "UTC");
  ASSERT_EQ(config::to_string(loaded.problems), "");
  CallPlaneOptions options;
  options.policy.directory =
      std::make_shared<const policy::DirectoryLookup>(std::move(loaded.directory), 1);
  Play play(std::move(options));
  play_whole(play);
  const CallRecord call = play.final_record();
  ASSERT_TRUE(call.business);
  EXPECT_EQ(call.business->agent, "Anna");
  EXPECT_EQ(call.business->team, "hotline");
  EXPECT_EQ(play.final_record().recording.policy_rule, "");
  EXPECT_EQ(play.final_record().recording.state, RecordingState::kRecorded);
}

}  // namespace
}  // namespace tapdeck::calls
