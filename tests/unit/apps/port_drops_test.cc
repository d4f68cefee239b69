#include "apps/port_drops.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::apps {
namespace {

using calls::at_ns;

// What was lost between 4 and 4.5 s is suspect when the port's counters rose between two looks at
// it that have this time between them.
std::uint64_t suspects(const std::vector<std::pair<double, engine::PortStatistics>>& looks) {
  calls::Scenario play;
  play.establish();
  PortDrops drops;
  for (const auto& [time_s, figures] : looks) {
    drops.observe(0, figures, at_ns(time_s), *play.plane);
  }
  calls::Rtp rtp = calls::caller_stream(3, 6);
  rtp.expected = 120;
  rtp.losses = {{LossCause::kWire, 4.0, 4.5, 20}};
  play.stream(6, rtp);
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  return call.media.empty() ? 0 : call.media[0].lost_suspect;
}

TEST(PortDrops, TellsTheSecondsInWhichACounterRose) {
  EXPECT_EQ(suspects({{3.6, {.missed = 5}}, {4.6, {.missed = 5}}}), 0U);
  EXPECT_EQ(suspects({{3.6, {.missed = 5}}, {4.6, {.missed = 6}}}), 20U);
  EXPECT_EQ(suspects({{3.6, {.missed = 5}}, {4.6, {.missed = 5, .no_buffer = 1}}}), 20U);
  EXPECT_EQ(suspects({{3.6, {}}, {4.6, {.early = 3}}}), 20U) << "left out at the opening";
  EXPECT_EQ(suspects({{3.6, {}}, {4.6, {.link_lost_ms = 250}}}), 20U) << "there was no link";
  EXPECT_EQ(suspects({{4.2, {.missed = 5}}}), 0U) << "what was before the first look is not known";
  EXPECT_EQ(suspects({{2.6, {}}, {3.6, {.missed = 9}}, {4.6, {.missed = 9}}}), 0U);
}

}  // namespace
}  // namespace tapdeck::apps
