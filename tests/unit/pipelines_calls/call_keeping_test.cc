// What a call's decisions destroy late, however it came to them: new rules, another leg, a restart.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/policy_scenario.h"

namespace tapdeck::calls {
namespace {

constexpr const char* kAudioForAnna =
    "rules:\n- {name: quiet, match: {asserted: 4711}, record: audio}\n";

Line video_of(const char* ip, int port) {
  return {.media = "video", .ip = ip, .port = port, .formats = "96"};
}

void establish_video(Scenario& play) {
  play.from_caller(0, {.sdp = sdp({{}, video_of("10.0.0.1", 4002)})});
  play.from_callee(
      1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line(), video_of("10.0.0.2", 5002)})});
}

void assert_4711(Scenario& play, double time_s) {
  play.from_caller(time_s,
                   {.method = "UPDATE",
                    .cseq = 2,
                    .to_tag = "bob",
                    .headers = "P-Asserted-Identity: <sip:4711@example.org>\r\n"});
}

std::ptrdiff_t bind_count(const Scenario& play, BindOperation operation) {
  return std::ranges::count(play.binds, operation, &BindMessage::operation);
}

std::vector<MediaSpan> cuts_of(const Scenario& play) {
  std::vector<MediaSpan> spans;
  for (const auto& [uid, span] : play.cut) spans.push_back(span);
  return spans;
}

// As the store tells of it after a restart.
StreamReport stored_stream(MediaKind kind, double first, double last) {
  StreamReport report;
  report.kind = StreamReportKind::kFinal;
  report.media_kind = kind;
  report.sender = 0;
  report.receiver = 1;
  report.statistics.packet_count = 100;
  report.statistics.first_ns = at_ns(first);
  report.statistics.last_ns = at_ns(last);
  return report;
}

using MediaSpans = std::vector<MediaSpan>;
constexpr MediaSpan kAllVideo{.video_only = true};

TEST(CallKeeping, RulesThatComeDuringACallDestroyWhatWasKeptWithoutThem) {
  Scenario play;
  play.establish();
  PolicySources sources = sources_of("default: {record: none, log: masked}\n");
  play.plane->swap_policy(sources);
  play.renegotiate(5, {});
  EXPECT_EQ(play.shredded.size(), 1U);
  EXPECT_EQ(play.forgotten.size(), 1U);
  EXPECT_EQ(bind_count(play, BindOperation::kMute), 1);
}

TEST(CallKeeping, VideoGoesOnceAndIsBoundAnewWithoutBeingWanted) {
  Scenario play(with(kAudioForAnna));
  establish_video(play);
  assert_4711(play, 5);
  EXPECT_EQ(cuts_of(play), MediaSpans{kAllVideo});
  EXPECT_EQ(play.cut_causes, std::vector{CutCause::kPolicy});
  EXPECT_EQ(play.records.back().recording.decision->media, DecidedMedia::kAudio);
  play.renegotiate(7, {.cseq = 3});
  EXPECT_EQ(play.cut.size(), 1U);
  EXPECT_TRUE(play.shredded.empty());
}

TEST(CallKeeping, TheRecordHoldsTheDecision) {
  Scenario play(
      with("default: {record: audio, log: masked, early_media: discard, mask_dtmf: false}\n"));
  play.establish();
  const RecordingDecision decision{DecidedMedia::kAudio, DecidedLog::kMasked, false, false};
  EXPECT_EQ(play.records.back().recording.decision, decision);
  Scenario without;
  without.establish();
  EXPECT_FALSE(without.records.back().recording.decision);
}

TEST(CallKeeping, AfterARestartVideoIsOrderedToGoAgainWhereTheStoreHasSome) {
  Scenario before(with(kAudioForAnna));
  establish_video(before);
  assert_4711(before, 5);
  for (const bool has_video : {true, false}) {
    Scenario after(with(kAudioForAnna));
    std::vector<StreamReport> media{stored_stream(MediaKind::kAudio, 1, 5)};
    if (has_video) media.push_back(stored_stream(MediaKind::kVideo, 1, 5));
    after.go_on(before, before.records.back(), media);
    EXPECT_EQ(cuts_of(after), has_video ? MediaSpans{kAllVideo} : MediaSpans{});
    EXPECT_TRUE(after.shredded.empty());
  }
  Scenario hurried(with(kAudioForAnna));
  hurried.go_on(before, before.records.back());
  EXPECT_EQ(cuts_of(hurried), MediaSpans{kAllVideo}) << "nobody looked what there is";
}

TEST(CallKeeping, AfterARestartEarlyMediaLikewise) {
  const char* const rule = "default: {early_media: discard}\n";
  Scenario before(with(rule));
  before.establish();
  for (const bool is_early : {true, false}) {
    Scenario after(with(rule));
    after.go_on(
        before, before.records.back(), {stored_stream(MediaKind::kAudio, is_early ? 2 : 3, 9)});
    EXPECT_EQ(cuts_of(after), is_early ? (MediaSpans{{.to_us = at_us(3)}}) : MediaSpans{});
    EXPECT_EQ(bind_count(after, BindOperation::kMute), 0);
    after.hang_up(30, true);
    after.finish(60);
    for (const RecordingGap& gap : after.final_record().recording.gaps) {
      EXPECT_NE(gap.reason, "policy") << "it was heard all the time";
    }
  }
}

TEST(CallKeeping, AfterARestartNewRulesDestroyWhatTheEarlierProcessKept) {
  Scenario before(with("default: {}\n"));
  establish_video(before);
  Scenario after(with("default: {record: audio, log: masked}\n"));
  after.go_on(before, before.records.back(), {stored_stream(MediaKind::kVideo, 1, 5)});
  EXPECT_EQ(cuts_of(after), MediaSpans{kAllVideo});
  EXPECT_EQ(after.forgotten.size(), 1U);
  EXPECT_EQ(after.records.back().recording.decision->media, DecidedMedia::kAudio);
}

TEST(CallKeeping, AfterARestartMessagesThatAreStillThereGo) {
  Scenario before(with("default: {}\n"));
  before.establish();
  CallRecord told = before.records.back();
  told.masked = true;
  told.recording.decision->log = DecidedLog::kMasked;
  Scenario after(with("default: {}\n"));
  after.go_on(before, told);
  EXPECT_EQ(after.forgotten.size(), 1U);
  Scenario none(with("default: {}\n"));
  none.plane->reload(told, {{}, {}}, at_ns(20));
  EXPECT_TRUE(none.forgotten.empty()) << "there are none";
}

TEST(CallKeeping, AfterARestartTheDecisionHoldsWhateverBecameOfItsRule) {
  Scenario before(with("rules:\n- {name: old, record: audio, early_media: discard}\n"));
  before.establish();
  const CallRecord told = before.records.back();
  const auto check = [&](Scenario&& after) {
    after.go_on(before, told);
    after.renegotiate(25, {});
    after.hang_up(30, true);
    after.finish(60);
    const RecordingInfo recording = after.final_record().recording;
    ASSERT_TRUE(recording.decision);
    EXPECT_EQ(recording.decision->media, DecidedMedia::kAudio);
    EXPECT_FALSE(recording.decision->early_media);
    EXPECT_TRUE(recording.decision->mask_dtmf);
    EXPECT_EQ(recording.policy_rule, "old");
  };
  check(Scenario());
  check(Scenario(with("rules:\n- {name: old, mask_dtmf: false}\n")));
  check(Scenario(with("rules:\n- {name: new, mask_dtmf: false}\n")));
}

TEST(CallKeeping, WhatWasDestroyedIsNotRecordedAfterARestartEither) {
  Scenario before(with("rules:\n- {name: quiet, match: {asserted: 4711}, record: none}\n"));
  before.establish();
  assert_4711(before, 5);
  PolicySources sources = sources_of("default: {log: masked}\n");
  before.plane->swap_policy(sources);
  before.renegotiate(7, {.cseq = 3});
  const CallRecord told = before.records.back();
  EXPECT_EQ(told.recording.decision->media, DecidedMedia::kNone);
  EXPECT_EQ(told.recording.decision->log, DecidedLog::kMasked) << "the looser rule is obeyed";
  Scenario after(with("default: {}\n"));
  after.go_on(before, told);
  EXPECT_EQ(after.shredded.size(), 1U);
  EXPECT_EQ(bind_count(after, BindOperation::kUnmute), 0);
}

TEST(CallKeeping, OfAnEarlierVersionsRecordItsRuleAndReasonAreReadAsBefore) {
  Scenario before(with("rules:\n- {name: quiet, record: none}\n"));
  before.establish();
  CallRecord told = before.records.back();
  told.recording.decision.reset();
  Scenario forbidden(with("default: {}\n"));
  forbidden.go_on(before, told);
  EXPECT_EQ(forbidden.shredded.size(), 1U);
  told.recording.reasons.clear();
  Scenario by_name(
      with("rules:\n- {name: other, match: {caller: 7}}\n- {name: quiet, record: audio}\n"));
  by_name.plane->reload(told, {{}, {}}, at_ns(20));
  by_name.renegotiate(25, {});
  by_name.hang_up(30, true);
  by_name.finish(60);
  EXPECT_EQ(by_name.final_record().recording.decision->media, DecidedMedia::kAudio);
  EXPECT_TRUE(by_name.shredded.empty());
}

CallPlaneOptions with_limit() {
  CallPlaneOptions options = with("default: {pause: {dtmf: {pause: '7'}, limit_s: 100}}\n");
  options.pause_limit_ns = 60'000'000'000;
  return options;
}

// Paused by a command at 5 s.
CallRecord paused_record() {
  Scenario before(with_limit());
  before.establish();
  const CallRecord first = before.records.at(0);
  before.plane->order_pause({first.uid, first.realm, first.call_id, false, at_ns(5)}, at_ns(5));
  return before.records.back();
}

TEST(CallKeeping, AfterARestartAPauseHasItsOwnCauseAndLimit) {
  CallRecord told = paused_record();
  EXPECT_EQ(told.recording.pause, (PauseTerms{PauseCause::kCommand, 60'000}));
  told.recording.pause->cause = PauseCause::kHeader;
  Scenario after(with_limit());
  after.plane->reload(told, {{}, {}}, at_ns(20));
  EXPECT_EQ(bind_count(after, BindOperation::kPause), 1);
  EXPECT_TRUE(cuts_of(after).empty()) << "the workers paused in time";
  after.renegotiate(50, {});
  EXPECT_EQ(after.records.size(), 0U) << "nothing is new";
  after.stream(75, caller_stream(60, 75));
  after.advance(79);
  EXPECT_EQ(bind_count(after, BindOperation::kResume), 0);
  after.advance(81);
  EXPECT_EQ(bind_count(after, BindOperation::kResume), 1);
  EXPECT_FALSE(after.records.back().recording.pause);
}

TEST(CallKeeping, AfterARestartWhatALatePauseOrderedGoesIfItDidNot) {
  CallRecord told = paused_record();
  EXPECT_FALSE(told.recording.pause->late);
  told.recording.pause->late = true;
  Scenario after(with_limit());
  after.plane->reload(told, {{}, {}}, at_ns(20));
  EXPECT_EQ(cuts_of(after), (MediaSpans{{.from_us = at_us(5)}}));
  after.stream(75, caller_stream(60, 75));
  after.advance(81);
  EXPECT_EQ(cuts_of(after).back(), (MediaSpan{.from_us = at_us(5), .to_us = at_us(75)}));
}

TEST(CallKeeping, AfterARestartTheRuleOfAnotherLegForbidsNoMoreThanItDid) {
  const auto joined =
      with("rules:\n- {name: quiet, match: {caller: 7}, record: none, log: masked}\n");
  Scenario before(with("default: {}\n"));
  before.establish();
  CallRecord told = before.records.back();
  told.recording.policy_rule = "quiet";
  told.recording.decision->media = DecidedMedia::kNone;
  Scenario after(joined);
  after.go_on(before, told);
  after.hang_up(30, true);
  after.finish(60);
  EXPECT_TRUE(after.forgotten.empty()) << "its messages stay";
  EXPECT_EQ(after.final_record().recording.decision->log, DecidedLog::kFull);
  EXPECT_EQ(after.final_record().recording.decision->media, DecidedMedia::kNone);
}

TEST(PolicyStateTest, WhatLegsAreAskedForOutlivesARule) {
  PolicyState state;
  EXPECT_FALSE(state.asked_of_legs());
  state.joined = JoinedRule{config::RecordChoice::kNone, "quiet"};
  EXPECT_EQ(state.asked_of_legs(), config::RecordChoice::kNone);
  const config::PolicyActions everything;
  state.actions = &everything;
  EXPECT_EQ(state.asked_of_legs(), config::RecordChoice::kNone);
  state.joined->for_all_legs = false;
  EXPECT_EQ(state.asked_of_legs(), everything.record) << "not sampled: that is its own";
}

}  // namespace
}  // namespace tapdeck::calls
