#include "engine/rtp/statistics.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::engine {
namespace {

class RtpStatistics : public ::testing::Test {
 protected:
  SequenceVerdict feed(std::uint16_t sequence, std::uint8_t payload_type = 0) {
    RtpArrival arrival;
    arrival.header.sequence = sequence;
    arrival.header.payload_type = payload_type;
    arrival.header.timestamp = timestamp_;
    arrival.payload_length = 172;
    arrival.time_ns = time_ns_;
    timestamp_ += 160;
    time_ns_ += 20 * kNsPerMs;
    return update_statistics(hot_, cold_, arrival);
  }

  // Packets of the source that do not come.
  void skip(std::uint32_t packets) {
    timestamp_ += packets * 160;
    time_ns_ += std::int64_t{packets} * 20 * kNsPerMs;
  }

  // What is fed next has the times of what was fed last.
  void repeat() {
    timestamp_ -= 160;
    time_ns_ -= 20 * kNsPerMs;
  }

  StreamStatistics result() {
    StreamStatistics out;
    fill_statistics(hot_, cold_, out);
    return out;
  }

  StreamHot hot_{};
  StreamCold cold_{};
  std::uint32_t timestamp_ = 1'000;
  std::int64_t time_ns_ = 1'700'000'000 * kNsPerSecond;
};

TEST_F(RtpStatistics, LossAcrossTheWrapIsExpectedMinusReceived) {
  for (const int sequence : {65'533, 65'534, 0, 1, 4}) feed(static_cast<std::uint16_t>(sequence));
  EXPECT_EQ(result().packet_count, 5U);
  EXPECT_EQ(result().expected_count, 8U);
  EXPECT_EQ(result().lost_count(), 3);
}

TEST_F(RtpStatistics, DuplicatesAndReorderingAreToldApart) {
  for (const int sequence : {10, 11, 13, 12, 13, 12, 14}) {
    feed(static_cast<std::uint16_t>(sequence));
  }
  EXPECT_EQ(result().duplicate_count, 2U);
  EXPECT_EQ(result().reordered_count, 1U);
  EXPECT_EQ(result().expected_count, 5U);
  EXPECT_EQ(result().lost_count(), -2);
}

TEST_F(RtpStatistics, APacketThatWasOvertakenOnlyOnItsWayToUsIsNotReordered) {
  feed(1);
  time_ns_ += 20 * kNsPerMs;
  feed(3);
  time_ns_ -= 40 * kNsPerMs;
  EXPECT_TRUE(feed(2).late);
  EXPECT_EQ(result().reordered_count, 0U);
  EXPECT_EQ(result().lost_count(), 0);
}

TEST_F(RtpStatistics, APacketBeforeTheFirstDoesNotUnderflow) {
  feed(0);
  feed(65'535);
  feed(1);
  EXPECT_EQ(result().expected_count, 2U);
  EXPECT_EQ(result().packet_count, 3U);
}

TEST_F(RtpStatistics, AConfirmedJumpStartsANewRun) {
  for (const int sequence : {100, 101, 40'000, 40'001, 40'002}) {
    feed(static_cast<std::uint16_t>(sequence));
  }
  EXPECT_EQ(result().expected_count, 5U);
  EXPECT_EQ(result().lost_count(), 0);
}

TEST_F(RtpStatistics, AHoleOfThousandsOfPacketsIsLoss) {
  for (const std::uint32_t packets : {3'200U, 40'000U, 65'000U, 65'536U + 9'000U}) {
    SCOPED_TRACE(packets);
    reset_statistics(hot_, cold_);
    for (std::uint16_t sequence = 100; sequence < 110; ++sequence) feed(sequence);
    set_clock_rate(hot_, 8'000);
    skip(packets);
    const auto next = static_cast<std::uint16_t>(110 + packets);
    feed(next);
    const SequenceVerdict verdict = feed(static_cast<std::uint16_t>(next + 1));
    EXPECT_EQ(verdict.missing, packets);
    EXPECT_TRUE(verdict.is_hole);
    feed(static_cast<std::uint16_t>(next + 2));
    EXPECT_EQ(result().lost_count(), packets);
    EXPECT_EQ(result().expected_count, packets + 13);
    feed(next);
    EXPECT_EQ(result().duplicate_count, 1U);
  }
}

// As a second mirror shows each packet once more.
TEST_F(RtpStatistics, AHoleThatTwoMirrorsShowIsLossToo) {
  const auto feed_twice = [this](std::uint16_t sequence) {
    const SequenceVerdict verdict = feed(sequence);
    repeat();
    EXPECT_TRUE(feed(sequence).duplicate);
    return verdict;
  };
  for (std::uint16_t sequence = 100; sequence < 110; ++sequence) feed_twice(sequence);
  set_clock_rate(hot_, 8'000);
  skip(3'200);
  feed_twice(3'310);
  EXPECT_EQ(feed_twice(3'311).missing, 3'200U);
  EXPECT_EQ(result().packet_count, 24U);
  EXPECT_EQ(result().duplicate_count, 12U);
  EXPECT_EQ(result().expected_count, 3'212U);
}

TEST_F(RtpStatistics, AHoleIsToldWithoutAClockToo) {
  feed(1, 96);
  feed(2, 96);
  skip(3'000);
  feed(3'003, 96);
  feed(3'004, 96);
  EXPECT_EQ(result().lost_count(), 3'000);
}

TEST_F(RtpStatistics, AJumpWhoseTimesDoNotAgreeIsANewRun) {
  struct Jump {
    const char* what;
    std::uint16_t sequence;
    std::uint32_t units;
    std::int64_t ms;
  };

  // The source goes on at sequence 111 with timestamp 1'600 after the last one of 110.
  for (const Jump& jump :
       {Jump{"timestamp elsewhere", 3'311, 77'777'777, 64'000},
        Jump{"timestamp goes on, the number does not", 40'000, 160, 20},
        Jump{"timestamp back", 3'311, static_cast<std::uint32_t>(-512'000), 64'000},
        Jump{"both jump, no time has passed", 3'311, 3'201 * 160, 20},
        Jump{"the number back, time goes on", 50'000, 3'201 * 160, 64'020}}) {
    SCOPED_TRACE(jump.what);
    reset_statistics(hot_, cold_);
    for (std::uint16_t sequence = 101; sequence < 111; ++sequence) feed(sequence);
    set_clock_rate(hot_, 8'000);
    timestamp_ += jump.units - 160;
    time_ns_ += (jump.ms - 20) * kNsPerMs;
    feed(jump.sequence);
    EXPECT_FALSE(feed(static_cast<std::uint16_t>(jump.sequence + 1)).is_hole);
    EXPECT_EQ(result().lost_count(), 0);
  }
}

TEST_F(RtpStatistics, ALoneWildPacketMovesNothing) {
  for (const int sequence : {100, 101, 40'000, 102, 103})
    feed(static_cast<std::uint16_t>(sequence));
  EXPECT_EQ(result().expected_count, 4U);
}

TEST_F(RtpStatistics, JitterFollowsRfc3550) {
  feed(1);
  set_clock_rate(hot_, 8'000);
  time_ns_ += 16 * kNsPerMs;  // late by 16 ms = 128 units; J = 128/16 = 8 units = 1 ms
  feed(2);
  EXPECT_NEAR(result().jitter_ms, 1.0, 1e-4);
  feed(3);
  EXPECT_NEAR(result().jitter_ms, 1.0 - 1.0 / 16, 1e-4);
  EXPECT_NEAR(result().jitter_max_ms, 1.0, 1e-4);
}

TEST_F(RtpStatistics, JitterIsUnknownWithoutAClock) {
  feed(1, 96);
  feed(2, 96);
  EXPECT_LT(result().jitter_ms, 0);
}

TEST_F(RtpStatistics, TelephoneEventsDoNotDisturbJitter) {
  feed(1);
  set_clock_rate(hot_, 8'000);
  feed(2);
  const std::uint32_t event_timestamp = timestamp_;
  for (std::uint16_t sequence = 3; sequence < 10; ++sequence) {
    timestamp_ = event_timestamp;  // an event keeps its timestamp
    feed(sequence, 101);
  }
  timestamp_ = event_timestamp + 7 * 160;
  feed(10);
  EXPECT_NEAR(result().jitter_ms, 0, 1e-4);
  ASSERT_EQ(result().payload_type_count, 2);
  EXPECT_EQ(result().payload_types[0].packet_count, 3U);
  EXPECT_EQ(result().payload_types[1].payload_type, 101);
  EXPECT_EQ(result().payload_types[1].packet_count, 7U);
}

TEST_F(RtpStatistics, MorePayloadTypesThanRoomStillCount) {
  for (std::uint8_t type = 96; type < 110; ++type) feed(type, type);
  feed(110, 96);
  EXPECT_EQ(result().payload_type_count, kStreamPayloadTypesMax);
  EXPECT_EQ(result().payload_types[0].packet_count, 2U);
  EXPECT_EQ(result().packet_count, 15U);
}

}  // namespace
}  // namespace tapdeck::engine
