#include "pipelines/calls/drop_history.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

TEST(DropHistory, KnowsTheSecondsOfEachPort) {
  DropHistory drops;
  EXPECT_FALSE(drops.overlaps(0, 0, 100));
  drops.add(0, 10, 20);
  drops.add(0, 20, 30);
  drops.add(0, 50, 60);
  EXPECT_TRUE(drops.overlaps(0, 25, 26));
  EXPECT_TRUE(drops.overlaps(0, 0, 10));
  EXPECT_TRUE(drops.overlaps(0, 31, 50));
  EXPECT_FALSE(drops.overlaps(0, 31, 49));
  EXPECT_FALSE(drops.overlaps(0, 61, 99));
  EXPECT_FALSE(drops.overlaps(1, 25, 26));
}

TEST(DropHistory, ForgetsTheOldestFirst) {
  DropHistory drops;
  for (std::int64_t i = 0; i <= static_cast<std::int64_t>(kDropIntervalsMax); ++i) {
    drops.add(0, i * 10, i * 10 + 5);
  }
  EXPECT_FALSE(drops.overlaps(0, 0, 5));
  EXPECT_TRUE(drops.overlaps(0, 10, 15));
}

Rtp stream_with_losses(double first, double last) {
  Rtp rtp = caller_stream(first, last);
  rtp.expected = 120;
  return rtp;
}

TEST(LostSuspect, IsWhatWasLostInSecondsInWhichThePortDropped) {
  Scenario play;
  play.establish();
  Rtp rtp = stream_with_losses(3, 6);
  rtp.losses = {{LossCause::kWire, 4.0, 4.5, 12}};
  play.stream(6, rtp);
  rtp.losses = {{LossCause::kWire, 8.0, 8.5, 8}};
  play.stream(9, rtp);
  play.plane->on_port_drops(0, at_ns(3.5), at_ns(4.5));
  play.plane->on_port_drops(7, at_ns(7.5), at_ns(8.5));
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.media.size(), 1U);
  EXPECT_EQ(call.media[0].lost_suspect, 12U);
}

TEST(LostSuspect, IsNeverMoreThanWhatIsMissing) {
  Scenario play;
  play.establish();
  Rtp rtp = stream_with_losses(3, 6);
  rtp.expected = 105;
  rtp.losses = {{LossCause::kWire, 4.0, 4.5, 12}};
  play.stream(6, rtp);
  play.plane->on_port_drops(0, at_ns(3), at_ns(9));
  play.hang_up(13, true);
  play.finish(20);
  EXPECT_EQ(play.final_record().media[0].lost_suspect, 5U);
}

}  // namespace
}  // namespace tapdeck::calls
