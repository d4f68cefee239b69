#include "pipelines/calls/unbound_media.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"
#include "tests/unit/pipelines_calls/policy_scenario.h"

namespace tapdeck::calls {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kKeep = "default: {unbound: keep}\n";
constexpr const char* kOne = "10.0.0.1:4000";
constexpr const char* kOther = "10.0.0.2:5000";

Rtp offered(const std::string& source, const std::string& destination, double first) {
  Rtp rtp{.source = source, .destination = destination, .first = first, .last = first + 5};
  rtp.report = StreamReportKind::kOffer;
  return rtp;
}

// A worker tells of media that belongs to no call; Scenario::stream() would name one.
void offer(Scenario& scenario, double time_s, const Rtp& rtp) {
  StreamReport report;
  report.kind = StreamReportKind::kOffer;
  report.source = *parse_endpoint(rtp.source);
  report.destination = *parse_endpoint(rtp.destination);
  report.ssrc = rtp.ssrc;
  report.statistics.packet_count = rtp.packets;
  report.statistics.first_ns = at_ns(rtp.first);
  report.statistics.last_ns = at_ns(rtp.last);
  report.statistics.payload_type_count = 1;
  report.statistics.payload_types[0].payload_type = rtp.payload_type;
  scenario.advance(time_s);
  scenario.plane->on_report(report);
  scenario.advance(time_s);
}

Rtp told(const std::string& source, const std::string& destination, double first, double last) {
  return {.source = source,
          .destination = destination,
          .first = first,
          .last = last,
          .sender = 0,
          .receiver = 1};
}

std::uint64_t count_of(const Scenario& scenario, std::string_view name) {
  const CallPlaneFigures figures = scenario.plane->figures();
  const auto at = std::ranges::find(figures.unbound, name, &NamedCount::first);
  EXPECT_NE(at, figures.unbound.end()) << name;
  return at == figures.unbound.end() ? 0 : at->second;
}

std::size_t count_bound(const Scenario& scenario, BindOperation operation) {
  return static_cast<std::size_t>(
      std::ranges::count(scenario.binds, operation, &BindMessage::operation));
}

TEST(UnboundMedia, WorkersAreAskedOnlyWhereARuleKeepsIt) {
  Scenario silent(with("default: {record: audio}\n"));
  EXPECT_TRUE(silent.binds.empty());
  offer(silent, 5, offered(kOne, kOther, 0));
  silent.advance(10);
  EXPECT_TRUE(silent.binds.empty());
  Scenario none(with("default: {record: none, unbound: keep}\n"));
  EXPECT_TRUE(none.binds.empty()) << "nothing is kept by such a rule";
  Scenario keeps(with("rules:\n- {name: a, match: {trunk: x}, unbound: keep}\n"));
  ASSERT_EQ(keeps.binds.size(), 1U);
  EXPECT_EQ(keeps.binds[0].operation, BindOperation::kOfferUnbound);
  PolicySources other = sources_of("default: {record: audio}\n");
  keeps.plane->swap_policy(other);
  EXPECT_EQ(keeps.binds.back().operation, BindOperation::kLeaveUnbound);
}

TEST(UnboundMedia, BothDirectionsAreOneCallWithoutSignalling) {
  Scenario scenario(with(kKeep));
  offer(scenario, 5.1, offered(kOther, kOne, 0.5));
  offer(scenario, 5.6, offered(kOne, kOther, 0.25));
  EXPECT_EQ(count_bound(scenario, BindOperation::kBind), 0U) << "the other direction is waited for";
  scenario.advance(6.2);
  ASSERT_EQ(count_bound(scenario, BindOperation::kBind), 2U);
  const BindMessage& first = scenario.binds[1];
  EXPECT_EQ(to_string(first.address), kOne) << "who began first";
  EXPECT_TRUE(first.paired);
  EXPECT_FALSE(first.learnt);
  EXPECT_TRUE(first.keep);
  EXPECT_EQ(first.time_ns, at_ns(0.25));
  EXPECT_EQ(first.receiver, 0);
  EXPECT_EQ(scenario.binds[2].receiver, 1);
  EXPECT_TRUE(scenario.records.empty()) << "no media of it was seen yet";
  scenario.stream(6.3, told(kOne, kOther, 0.25, 6));
  ASSERT_EQ(scenario.records.size(), 1U) << "a restart must find it";
  EXPECT_FALSE(scenario.records[0].final);
  Rtp later = told(kOne, kOther, 0.25, 19.5);
  later.packets = later.expected = 900;
  scenario.stream(20, later);
  scenario.advance(79);
  EXPECT_EQ(scenario.plane->open_call_count(), 1U);
  scenario.advance(90);
  const CallRecord call = scenario.final_record();
  EXPECT_EQ(call.call_id, "");
  EXPECT_EQ(call.start_us, std::nullopt);
  EXPECT_EQ(call.first_seen_us, at_us(0.25));
  EXPECT_EQ(call.ended_us, at_us(19.5));
  EXPECT_EQ(call.total_ms, 19'250);
  EXPECT_EQ(call.talk_ms, std::nullopt);
  EXPECT_EQ(call.outcome, CallOutcome::kUnknown);
  EXPECT_EQ(call.end_reason, EndReason::kMediaTimeout);
  EXPECT_EQ(call.caller, std::nullopt);
  ASSERT_EQ(call.parties.size(), 2U);
  EXPECT_EQ(call.parties[0].role, PartyRole::kUnknown);
  EXPECT_EQ(to_string(*call.parties[0].ip), "10.0.0.1");
  EXPECT_EQ(call.parties[1].port, 5000);
  ASSERT_EQ(call.media.size(), 1U);
  EXPECT_EQ(call.media[0].codec, "PCMU");
  EXPECT_EQ(call.recording.state, RecordingState::kRecorded);
  EXPECT_TRUE(call.recording.reasons.empty());
  EXPECT_EQ(call.recording.policy_rule, "default");
  EXPECT_EQ(count_of(scenario, "unbound_calls_kept"), 1U);
}

TEST(UnboundMedia, TheCallIsTheSameWhicheverDirectionComesFirst) {
  Lines uids;
  for (const bool swapped : {false, true}) {
    Scenario scenario(with(kKeep));
    const Rtp one = offered(kOne, kOther, 0.25);
    const Rtp other = offered(kOther, kOne, 0.25);
    offer(scenario, 5.5, swapped ? other : one);
    offer(scenario, 5.5, swapped ? one : other);
    scenario.advance(7);
    scenario.stream(7, told(kOne, kOther, 0.25, 7));
    uids.push_back(to_string(scenario.records.at(0).uid));
  }
  EXPECT_EQ(uids[0], uids[1]);
}

TEST(UnboundMedia, SdpWhileItIsWaitedForMakesAUsualCall) {
  Scenario scenario(with(kKeep));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.from_caller(5.5, {.sdp = sdp({{}})});
  scenario.advance(8);
  EXPECT_EQ(scenario.plane->open_call_count(), 1U);
  EXPECT_EQ(count_of(scenario, "unbound_calls_kept"), 0U);
}

TEST(UnboundMedia, ACallThatClaimsAnAddressEndsIt) {
  Scenario scenario(with(kKeep));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.advance(7);
  scenario.stream(7, told(kOne, kOther, 0, 6.9));
  scenario.establish(20);
  const auto real = std::ranges::find_if(scenario.binds, [](const BindMessage& message) {
    return message.operation == BindOperation::kBind && !message.paired;
  });
  const auto unbind =
      std::ranges::find(scenario.binds, BindOperation::kUnbind, &BindMessage::operation);
  ASSERT_NE(unbind, scenario.binds.end());
  EXPECT_LT(real, unbind) << "else its media would stay with what has ended";
  scenario.advance(40);
  EXPECT_TRUE(scenario.finals().empty()) << "until that call is over";
  scenario.hang_up(50, true);
  scenario.advance(60);
  scenario.advance(61);
  const auto finals = scenario.finals();
  ASSERT_EQ(finals.size(), 2U);
  const auto& unbound = finals[0].call_id.empty() ? finals[0] : finals[1];
  EXPECT_EQ(unbound.ended_us, at_us(6.9));
  EXPECT_EQ(unbound.recording.state, RecordingState::kRecorded);
  EXPECT_EQ(count_of(scenario, "unbound_calls_taken"), 1U);
  EXPECT_EQ(count_of(scenario, "unbound_calls_forbidden"), 0U);
  EXPECT_TRUE(scenario.shredded.empty());
}

TEST(UnboundMedia, IsDestroyedWhereThatCallIsNotToBeRecorded) {
  Scenario scenario(with(
      "rules:\n- {name: quiet, match: {callee: '200'}, record: none}\ndefault: {unbound: keep}\n"));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.advance(7);
  scenario.stream(7, told(kOne, kOther, 0, 6.9));
  const Uid uid = scenario.records.at(0).uid;
  scenario.establish(20);
  ASSERT_EQ(scenario.shredded.size(), 1U);
  EXPECT_EQ(scenario.shredded[0], uid);
  scenario.hang_up(50, true);
  scenario.advance(60);
  scenario.advance(61);
  for (const CallRecord& call : scenario.finals()) {
    EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
    EXPECT_EQ(call.recording.reasons, std::vector{RecordingReason::kPolicy});
    EXPECT_EQ(call.recording.policy_rule, "quiet");
  }
  EXPECT_EQ(scenario.finals().size(), 2U);
  EXPECT_EQ(count_of(scenario, "unbound_calls_forbidden"), 1U);
}

TEST(UnboundMedia, IsDestroyedWhenThatCallTurnsOutNotToBeRecorded) {
  Scenario scenario(with(
      "rules:\n- {name: quiet, match: {callee: '666'}, record: none}\ndefault: {unbound: keep}\n"));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.advance(7);
  scenario.stream(7, told(kOne, kOther, 0, 6.9));
  const Uid uid = scenario.records.at(0).uid;
  scenario.from_caller(20, {.sdp = sdp({{}})});
  scenario.advance(30);
  EXPECT_TRUE(scenario.shredded.empty());
  Sip answer{.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})};
  answer.headers = "P-Asserted-Identity: <sip:666@example.org>\r\n";
  scenario.from_callee(40, answer);
  scenario.advance(41);
  EXPECT_EQ(std::ranges::count(scenario.shredded, uid), 1);
}

TEST(UnboundMedia, WhatGoesOnAfterACallThatWasNotRecordedIsLeftAlone) {
  Scenario scenario(with(
      "rules:\n- {name: quiet, match: {callee: '200'}, record: none}\ndefault: {unbound: keep}\n"));
  scenario.establish();
  scenario.stream(9, caller_stream(4, 9));
  scenario.hang_up(10, true);
  scenario.advance(20);
  ASSERT_EQ(scenario.plane->open_call_count(), 0U);
  offer(scenario, 21, offered(kOther, kOne, 13));
  scenario.advance(25);
  EXPECT_EQ(scenario.plane->open_call_count(), 0U);
  offer(scenario, 90, offered(kOther, kOne, 85));
  scenario.advance(95);
  EXPECT_EQ(scenario.plane->open_call_count(), 1U) << "after a minute it is another's";
}

TEST(UnboundMedia, OnlyHalfOfTheCallsMayBeSuchAndOneAddressIsInAFew) {
  CallPlaneOptions options = with(kKeep);
  options.calls_max = 16;
  Scenario scenario(std::move(options));
  for (int i = 0; i < 6; ++i) {
    offer(scenario, 5, offered("10.0.1.1:4000", "10.0.2.2:" + std::to_string(6'000 + i), i));
  }
  EXPECT_EQ(count_of(scenario, "unbound_calls_refused"), 2U);
  for (int i = 0; i < 6; ++i) {
    const std::string port = std::to_string(6'000 + i);
    offer(scenario, 5, offered("10.0.3.3:" + port, "10.0.4.4:" + port, i));
  }
  EXPECT_EQ(count_of(scenario, "unbound_calls_refused"), 4U);
  scenario.advance(7);
  EXPECT_EQ(scenario.plane->open_call_count(), 8U);
}

TEST(UnboundMedia, NeedsRoomForMedia) {
  Scenario scenario(with(kKeep));
  scenario.plane->on_media_room({.spare = 1, .streams = 0}, at_ns(0));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.advance(7);
  EXPECT_EQ(scenario.plane->open_call_count(), 0U);
  EXPECT_EQ(count_of(scenario, "unbound_calls_refused"), 1U);
}

TEST(UnboundMedia, RulesMayAskForTrunkDirectionAndTimeButNotForNumbers) {
  CallPlaneOptions options = with(
      "rules:\n"
      "- {name: number, match: {number: '*'}, unbound: keep}\n"
      "- {name: carrier, match: {trunk: carrier, direction: outbound}, unbound: keep}\n");
  options.numbering.trunks.resize(1);
  options.numbering.trunks[0].name = "carrier";
  options.numbering.trunks[0].networks = {"10.0.0.2"};
  options.numbering.internal_networks = {"10.0.0.1"};
  Scenario scenario(std::move(options));
  offer(scenario, 5, offered(kOne, kOther, 0));
  offer(scenario, 5, offered("10.0.5.1:4000", "10.0.5.2:5000", 0));
  scenario.advance(7);
  ASSERT_EQ(scenario.plane->open_call_count(), 1U);
  scenario.stream(7, told(kOne, kOther, 0, 6.9));
  EXPECT_EQ(scenario.records.at(0).trunk, "carrier");
  EXPECT_EQ(scenario.records.at(0).direction, CallDirection::kOutbound);
  EXPECT_EQ(scenario.records.at(0).recording.policy_rule, "carrier");
}

TEST(UnboundMedia, AudioAloneIsNotVideo) {
  Scenario scenario(with("default: {record: audio, unbound: keep}\n"));
  Rtp video = offered(kOne, kOther, 0);
  video.payload_type = 34;  // H263
  offer(scenario, 5, video);
  scenario.advance(7);
  EXPECT_EQ(scenario.plane->open_call_count(), 0U);
}

TEST(UnboundMedia, GoesOnAfterARestart) {
  Scenario before(with(kKeep));
  offer(before, 5, offered(kOne, kOther, 0));
  before.advance(7);
  before.stream(7, told(kOne, kOther, 0, 6.9));
  const CallRecord record = before.records.at(0);
  Scenario after(with(kKeep));
  after.plane->reload(record, {{}, {}}, at_ns(20));
  ASSERT_EQ(count_bound(after, BindOperation::kBind), 2U);
  EXPECT_TRUE(after.binds.back().paired);
  after.stream(25, told(kOne, kOther, 20, 24));
  after.advance(100);
  const CallRecord call = after.final_record();
  EXPECT_EQ(call.uid, record.uid);
  EXPECT_EQ(call.call_id, "");
  EXPECT_EQ(call.end_reason, EndReason::kMediaTimeout);
  EXPECT_EQ(call.recording.state, RecordingState::kRecordedWithGaps);
  EXPECT_EQ(call.recording.reasons, std::vector{RecordingReason::kInterrupted});
}

TEST(UnboundMedia, MayBePausedByItsUid) {
  Scenario scenario(with(kKeep));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.advance(7);
  scenario.stream(7, told(kOne, kOther, 0, 6.9));
  PauseOrder order;
  order.uid = scenario.records.at(0).uid;
  order.time_ns = at_ns(8);
  EXPECT_EQ(scenario.plane->order_pause(order, at_ns(8)).changed, 1U);
  EXPECT_EQ(scenario.binds.back().operation, BindOperation::kPause);
}

TEST(UnboundMedia, WhatIsStoredAlreadyIsCountedAndClaimedOnly) {
  CallPlaneOptions options = with(kKeep);
  options.already_final = [](const Uid&) { return true; };
  Scenario scenario(std::move(options));
  offer(scenario, 5, offered(kOne, kOther, 0));
  scenario.advance(7);
  ASSERT_EQ(count_bound(scenario, BindOperation::kBind), 2U);
  EXPECT_FALSE(scenario.binds.back().keep);
  scenario.establish(10);
  EXPECT_FALSE(scenario.binds.back().keep) << "nor is its media taken for what nothing explains";
  scenario.finish(20);
  EXPECT_TRUE(scenario.records.empty());
  EXPECT_EQ(scenario.plane->figures().already_present, 2U);
}

TEST(UnboundMedia, TheEndOfACaptureWaitsForNothing) {
  Scenario scenario(with(kKeep));
  EXPECT_TRUE(scenario.plane->ask_for_unbound());
  EXPECT_EQ(scenario.binds.back().operation, BindOperation::kOfferUnboundNow);
  offer(scenario, 3, offered(kOne, kOther, 0));
  scenario.stream(3, told(kOne, kOther, 0, 3));
  scenario.finish(3);
  EXPECT_EQ(scenario.final_record().end_reason, EndReason::kCaptureEnded);
  Scenario other(with("default: {record: audio}\n"));
  EXPECT_FALSE(other.plane->ask_for_unbound());
}

}  // namespace
}  // namespace tapdeck::calls
