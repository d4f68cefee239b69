#include "pipelines/calls/record_builder.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

TEST(RecordBuilder, AbsentFactsStayAbsent) {
  const LiveCall live;
  const CallRecord record = build_record(live, {}, {}, {});
  EXPECT_FALSE(record.start_us || record.answered_us || record.ended_us || record.talk_ms);
  EXPECT_FALSE(record.pdd_ms || record.ring_ms || record.setup_ms || record.hold_ms);
  EXPECT_FALSE(record.vlan || record.caller || record.callee || record.status_code);
  EXPECT_FALSE(record.recording.expires_us);
  EXPECT_EQ(record.state, CallState::kInProgress);
  EXPECT_EQ(record.recording.state, RecordingState::kPending);
}

TEST(RecordBuilder, DisorderNeverGivesNegativeDurations) {
  LiveCall live;
  live.times.start_ns = 5'000'000'000;
  live.times.answered_ns = 4'000'000'000;
  live.times.ended_ns = 9'000'000'000;
  CallPlaneOptions options;
  options.retention_classes = {{"short", 1'000'000, 0, 0, true, 3'000'000}};
  const CallRecord record = build_record(live, options, {}, {3, true});
  EXPECT_EQ(record.setup_ms, 0);
  EXPECT_EQ(record.talk_ms, 5000);
  EXPECT_EQ(record.recording.expires_us, 6'000'000);
  EXPECT_TRUE(record.recording.locked);
  EXPECT_EQ(record.recording.latest_us, 8'000'000);
  EXPECT_EQ(record.version, 3U);
  EXPECT_TRUE(record.final);
}

}  // namespace
}  // namespace tapdeck::calls
