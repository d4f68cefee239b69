// Which calls are recorded when there is no room for all.
#include "pipelines/calls/recordings.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

constexpr MediaRoom kPlenty{1, 1'000};
constexpr MediaRoom kNone{1, 0};
constexpr MediaRoom kBehind{0.1, 1'000};

std::vector<std::string> without_binds(const Scenario& play) {
  std::vector<std::string> lines = play.bindings();
  std::erase_if(lines, [](const std::string& line) { return line.find("bind") != line.npos; });
  return lines;
}

// INVITE at `time_s`, answer two seconds later.
void call(Scenario& play, double time_s, const std::string& id, bool answered = true) {
  Line caller;
  caller.port = 4000 + 2 * static_cast<int>(time_s);
  Line callee = callee_line();
  callee.port = 5000 + 2 * static_cast<int>(time_s);
  play.from_caller(time_s, {.call_id = id, .branch = "z9hG4bK" + id, .sdp = sdp({caller})});
  if (!answered) return;
  play.from_callee(time_s + 2,
                   {.status = 200,
                    .call_id = id,
                    .to_tag = "bob",
                    .branch = "z9hG4bK" + id,
                    .sdp = sdp({callee})});
}

TEST(Recordings, WithoutWordAboutRoomEveryCallIsKept) {
  Scenario play;
  play.establish();
  EXPECT_TRUE(without_binds(play).empty());
  EXPECT_EQ(play.plane->figures().recordings, 1U);
}

TEST(Recordings, ACallWithoutRoomIsRefusedAndSaysSo) {
  Scenario play;
  play.plane->on_media_room(kNone, at_ns(0));
  play.establish();
  EXPECT_EQ(without_binds(play), std::vector<std::string>{"refuse"});
  play.hang_up(13, true);
  EXPECT_EQ(play.plane->figures().calls_refused, 1U);
  EXPECT_EQ(play.plane->figures().recordings, 0U);
  play.finish(20);
  const CallRecord record = play.final_record();
  EXPECT_EQ(record.outcome, CallOutcome::kAnswered);
  EXPECT_EQ(record.recording.state, RecordingState::kNotRecorded);
  EXPECT_EQ(record.recording.reasons, std::vector{RecordingReason::kResources});
}

TEST(Recordings, TheAnswerAsksAgain) {
  Scenario play;
  play.plane->on_media_room(kBehind, at_ns(0));
  play.from_caller(0, {.sdp = sdp({{}})});
  EXPECT_EQ(play.bindings().at(1), "refuse") << "behind the first address: no early media";
  play.plane->on_media_room(kPlenty, at_ns(1));
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_EQ(without_binds(play), (std::vector<std::string>{"refuse", "restore"}));
  play.plane->on_media_room(kNone, at_ns(4));
  play.renegotiate(5, {});
  EXPECT_EQ(without_binds(play).size(), 2U) << "what is recorded is not asked about again";
}

TEST(Recordings, WithoutMediaSoFarTheAnswerMayRefuse) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({{}})});
  play.plane->on_media_room(kNone, at_ns(1));
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_EQ(without_binds(play), std::vector<std::string>{"refuse"});
  Scenario early;
  early.from_caller(0, {.sdp = sdp({{}})});
  early.stream(1, callee_stream(0.5, 1));
  early.plane->on_media_room({1, 1}, at_ns(1));
  early.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_TRUE(without_binds(early).empty()) << "there is room for the stream that it lacks";
  Scenario cut;
  cut.from_caller(0, {.sdp = sdp({{}})});
  cut.stream(1, callee_stream(0.5, 1));
  cut.plane->on_media_room(kNone, at_ns(1));
  cut.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  EXPECT_EQ(without_binds(cut), std::vector<std::string>{"cut"}) << "what is there stays";
}

TEST(Recordings, AnAdmittedCallHoldsRoomUntilItsStreamsAreThere) {
  Scenario play;
  play.plane->on_media_room({1, 3}, at_ns(0));
  call(play, 0, "a");
  call(play, 3, "b");
  EXPECT_EQ(play.plane->figures().recordings, 1U);
  EXPECT_EQ(play.plane->figures().calls_refused, 1U);
  play.plane->on_media_room({1, 3}, at_ns(20));  // a's media never came
  call(play, 21, "c");
  EXPECT_EQ(play.plane->figures().recordings, 2U);
}

TEST(Recordings, CallsThatNobodyAnsweredHoldNoRoom) {
  Scenario play;
  play.plane->on_media_room({1, 2}, at_ns(0));
  for (const char* id : {"a", "b", "c", "d"}) call(play, 0, id, false);
  call(play, 1, "e");
  EXPECT_TRUE(without_binds(play).empty());
  EXPECT_EQ(play.plane->figures().calls_refused, 0U);
}

TEST(Recordings, TheNewestAreCutFirstAndTheOldestGoOnFirst) {
  Scenario play;
  const std::vector<std::string> ids = {"a", "b", "c", "d"};
  for (std::size_t i = 0; i < ids.size(); ++i) call(play, static_cast<double>(3 * i), ids[i]);
  std::vector<CallHandle> handles;
  for (const BindMessage& message : play.binds) {
    if (handles.empty() || handles.back() != message.call) handles.push_back(message.call);
  }
  ASSERT_EQ(handles.size(), 4U);
  const auto told = [&play] {
    std::vector<CallHandle> out;
    for (const BindMessage& message : play.binds) {
      if (message.operation != BindOperation::kBind) out.push_back(message.call);
    }
    play.binds.clear();
    return out;
  };
  play.plane->on_media_room({1.0 / 17, 1'000}, at_ns(20));
  EXPECT_TRUE(told().empty());
  play.plane->on_media_room({1.0 / 32, 1'000}, at_ns(21));
  EXPECT_EQ(told(), (std::vector{handles[3], handles[2]}));
  EXPECT_EQ(play.plane->figures().cut_now, 2U);
  play.plane->on_media_room({0.9, 1'000}, at_ns(22));
  play.plane->on_media_room({0.9, 1'000}, at_ns(23));
  EXPECT_EQ(told(), (std::vector{handles[2], handles[3]}));
  const CallPlaneFigures figures = play.plane->figures();
  EXPECT_EQ(figures.calls_cut, 2U);
  EXPECT_EQ(figures.calls_restored, 2U);
  EXPECT_EQ(figures.recordings, 4U);
}

TEST(Recordings, ACutCallThatEndsIsNeitherCutNorRestoredAnyMore) {
  Scenario play;
  play.establish();
  play.plane->on_media_room({0, 0}, at_ns(5));
  EXPECT_EQ(without_binds(play), std::vector<std::string>{"cut"});
  play.hang_up(6, true);
  play.advance(60);
  play.plane->on_media_room(kPlenty, at_ns(61));
  EXPECT_EQ(without_binds(play), (std::vector<std::string>{"cut", "release"}));
  EXPECT_EQ(play.plane->figures().cut_now, 0U);
}

// Calls without a rule have priority 100.
TEST(Recordings, AFullDiskRefusesNewCallsByPriorityAndLetsThoseThatRunGoOn) {
  Scenario play;
  call(play, 0, "runs");
  play.plane->on_media_room({1, 1'000, 101}, at_ns(3));
  call(play, 4, "refused");
  EXPECT_EQ(without_binds(play), std::vector<std::string>{"refuse"});
  EXPECT_EQ(play.plane->figures().recordings, 1U);
  EXPECT_EQ(play.plane->figures().pressure, MediaPressure::kDiskFull);
  play.plane->on_media_room({1, 1'000, 100}, at_ns(7));
  call(play, 8, "enough");
  EXPECT_EQ(play.plane->figures().recordings, 2U);
  play.plane->on_media_room({1, 1'000, kPriorityNone}, at_ns(11));
  call(play, 12, "none");
  play.plane->on_media_room(kPlenty, at_ns(15));
  call(play, 16, "again");
  EXPECT_EQ(play.plane->figures().recordings, 3U);
  EXPECT_EQ(play.plane->figures().calls_refused, 2U);
  EXPECT_EQ(play.plane->figures().calls_cut, 0U);
}

TEST(Recordings, WhatWasCutDoesNotGoOnWhileTheDiskIsFull) {
  Scenario play;
  play.establish();
  play.plane->on_media_room({0, 0}, at_ns(5));
  play.plane->on_media_room({1, 1'000, 101}, at_ns(6));
  EXPECT_EQ(play.plane->figures().cut_now, 1U);
  play.plane->on_media_room({1, 1'000, 100}, at_ns(7));
  EXPECT_EQ(play.plane->figures().cut_now, 0U);
  EXPECT_EQ(without_binds(play), (std::vector<std::string>{"cut", "restore"}));
}

TEST(Recordings, ThePriorityGoesBeforeTheAge) {
  std::set<RecordingRank> ranks;
  const auto add = [&ranks](std::uint8_t priority, std::uint64_t order) {
    ranks.insert({static_cast<std::uint8_t>(UINT8_MAX - priority), order, {}});
  };
  add(100, 1);
  add(200, 2);
  add(50, 0);
  EXPECT_EQ(ranks.begin()->order, 2U);
  EXPECT_EQ(ranks.rbegin()->order, 0U) << "goes first, though it is the oldest";
}

}  // namespace
}  // namespace tapdeck::calls
