#include "engine/capture/packet_clock.h"

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

constexpr std::int64_t kStartNs = 1'700'000'000 * kNsPerSecond;
constexpr std::int64_t kHourNs = 3'600 * kNsPerSecond;

TEST(PacketClock, IsTheRunningMaximum) {
  PacketClock clock;
  EXPECT_EQ(clock.observe(kStartNs), kStartNs);
  EXPECT_EQ(clock.observe(kStartNs + 5), kStartNs + 5);
  EXPECT_EQ(clock.observe(kStartNs - kHourNs), kStartNs + 5) << "it never goes back";
  EXPECT_EQ(clock.observe(kStartNs + 5 + kHourNs), kStartNs + 5 + kHourNs) << "an hour is no jump";
  EXPECT_EQ(clock.now_ns(), kStartNs + 5 + kHourNs);
}

TEST(PacketClock, OneWildTimestampMovesNothing) {
  PacketClock clock;
  clock.observe(kStartNs);
  const std::int64_t wild = kStartNs + 1'000 * kHourNs;
  EXPECT_EQ(clock.observe(wild), kStartNs);
  EXPECT_EQ(clock.observe(wild), kStartNs);
  EXPECT_EQ(clock.observe(kStartNs + 1), kStartNs + 1) << "an ordinary packet ends the row";
  EXPECT_EQ(clock.observe(wild), kStartNs + 1);
  EXPECT_EQ(clock.observe(wild), kStartNs + 1);
}

TEST(PacketClock, ThreePacketsInARowConfirmAJump) {
  PacketClock clock;
  clock.observe(kStartNs);
  const std::int64_t next_day = kStartNs + 24 * kHourNs;
  clock.observe(next_day);
  clock.observe(next_day + 1);
  EXPECT_EQ(clock.observe(next_day + 2), next_day + 2);
}

}  // namespace
}  // namespace tapdeck::engine
