#include "engine/rings.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

WorkerRings small_rings(std::uint16_t worker) {
  test_eal();
  auto rings = WorkerRings::create({.worker = worker,
                                    .chunk_count = 5,
                                    .chunk_slots = 4,
                                    .bind_slots = 4,
                                    .report_slots = 4,
                                    .signal_slots = 4,
                                    .small_messages = 3,
                                    .large_messages = 1});
  TD_ASSERT(rings.has_value());
  return std::move(*rings);
}

TEST(WorkerRings, AllChunksAreHomeAtStartAndTheRingToTheWriterIsBounded) {
  WorkerRings rings = small_rings(40);
  std::array<Chunk*, 8> home{};
  ASSERT_EQ(rings.pop_home(home), 5U);
  EXPECT_TRUE(rings.push_chunk(home[0]));
  EXPECT_TRUE(rings.push_chunk(home[1]));
  EXPECT_TRUE(rings.push_chunk(home[2]));
  EXPECT_FALSE(rings.push_chunk(home[3]));
  EXPECT_DOUBLE_EQ(rings.chunk_ring_fill(), 1.0);
  EXPECT_EQ(rings.pop_chunk(), home[0]);
  EXPECT_EQ(home[0]->worker, 40);
  rings.take_home(home[0]);
  std::array<Chunk*, 8> again{};
  ASSERT_EQ(rings.pop_home(again), 1U);
  EXPECT_EQ(again[0], home[0]);
}

TEST(WorkerRings, MessagesByValueKeepEveryByte) {
  WorkerRings rings = small_rings(41);
  BindMessage bind;
  bind.time_ns = 42;
  bind.payload_clocks[15] = {127, 48'000};
  EXPECT_TRUE(rings.push_bind(bind));
  BindMessage bind_out;
  ASSERT_TRUE(rings.pop_bind(bind_out));
  EXPECT_EQ(bind_out.payload_clocks[15].clock_rate_hz, 48'000U);
  EXPECT_FALSE(rings.pop_bind(bind_out));
  StreamReport report;
  report.statistics.payload_types[7].packet_count = 9;
  EXPECT_TRUE(rings.push_report(report));
  EXPECT_EQ(rings.report_room(), 2U);
  StreamReport report_out;
  ASSERT_TRUE(rings.pop_report(report_out));
  EXPECT_EQ(report_out.statistics.payload_types[7].packet_count, 9U);
}

TEST(WorkerRings, SmallMessagesFallBackToLargeBuffersAndLongOnesNeedThem) {
  WorkerRings rings = small_rings(42);
  SignalMessage* small[3];
  for (SignalMessage*& message : small) {
    message = rings.take_message(100);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->capacity, kSmallMessageBytes);
  }
  SignalMessage* large = rings.take_message(100);
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(large->capacity, kLargeMessageBytes);
  EXPECT_EQ(rings.take_message(100), nullptr);
  WorkerRings::release(small[0]);
  EXPECT_EQ(rings.take_message(kSmallMessageBytes + 1), nullptr);
  WorkerRings::release(large);
  large = rings.take_message(kLargeMessageBytes);
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(rings.take_message(kLargeMessageBytes + 1), nullptr);
}

TEST(WorkerRings, ARingThatCannotBeMadeIsAnError) {
  test_eal();
  const auto rings = WorkerRings::create({.worker = 43, .bind_slots = 1'000});
  ASSERT_FALSE(rings);
  EXPECT_EQ(rings.error().code, ErrorCode::kResources);
}

}  // namespace
}  // namespace tapdeck::engine
