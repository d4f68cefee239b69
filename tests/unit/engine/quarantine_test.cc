#include "engine/quarantine.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

Bench::Options small_quarantine(std::uint32_t per_destination) {
  Bench::Options options;
  options.rings.chunk_count = 20;  // ten percent: two chunks
  options.worker.quarantine_per_destination = per_destination;
  return options;
}

void two_packets(Bench& bench, std::uint32_t ssrc) {
  bench.rtp(1, ssrc);
  bench.rtp(2, ssrc);
}

TEST(Quarantine, FullMeansTheOldestGoesAndTheRecordingSaysSo) {
  Bench bench(small_quarantine(64));
  two_packets(bench, 1);
  two_packets(bench, 2);
  two_packets(bench, 3);
  EXPECT_EQ(bench.count(DropReason::kQuarantineFull), 2U);
  EXPECT_EQ(bench.worker_->counters().quarantine_chunks.value(), 2U);
  bench.rtp(3, 1);  // evicts stream 2
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  for (const Chunk* chunk : bench.chunks()) {
    const auto records = records_of(*chunk);
    if (chunk->section.ssrc == 3) {
      EXPECT_EQ(records.size(), 2U);
      continue;
    }
    ASSERT_FALSE(records.empty());
    EXPECT_EQ(records[0].kind, RecordKind::kGap) << "before what is left";
    EXPECT_EQ(load_le<std::uint32_t>(records[0].bytes.data()), 2U);
    EXPECT_EQ(chunk->section.packet_count, chunk->section.ssrc == 1 ? 1U : 0U);
  }
}

TEST(Quarantine, ADestinationHasItsShare) {
  Bench bench(small_quarantine(1));
  two_packets(bench, 1);
  two_packets(bench, 2);
  EXPECT_EQ(bench.count(DropReason::kQuarantineFull), 2U);
  EXPECT_EQ(bench.count(PacketClass::kRtpDiscarded), 1U);
  EXPECT_EQ(bench.worker_->counters().quarantine_chunks.value(), 1U);
  bench.destination_port_ = 6'000;
  two_packets(bench, 3);
  EXPECT_EQ(bench.worker_->counters().quarantine_chunks.value(), 2U);
}

TEST(Quarantine, AgedMediaIsDiscardedButItsStreamIsKept) {
  Bench bench(small_quarantine(64));
  two_packets(bench, 1);
  bench.wait_ms(10'000);
  bench.step();
  EXPECT_EQ(bench.count(DropReason::kQuarantineAged), 2U);
  EXPECT_EQ(bench.worker_->counters().quarantine_chunks.value(), 0U);
  int streams = 0;
  bench.worker_->for_each_stream([&](const StreamView& view) {
    ++streams;
    EXPECT_EQ(view.report.statistics.packet_count, 2U);
  });
  EXPECT_EQ(streams, 1);
}

TEST(Quarantine, ProbationHoldsOnlyTheLastPacketOfAStream) {
  Bench bench;
  bench.rtp(1);
  bench.rtp(5);
  EXPECT_EQ(bench.count(DropReason::kProbationEvicted), 1U);
  EXPECT_EQ(bench.count(PacketClass::kRtpProbation), 2U);
  bench.rtp(6);
  EXPECT_EQ(bench.count(PacketClass::kRtpQuarantined), 1U);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0]->section.packet_count, 2U);
  EXPECT_EQ(records_of(*chunks[0])[0].kind, RecordKind::kGap);
}

TEST(Quarantine, ChunksComeBackWhenUnboundStreamsAreForgotten) {
  Bench bench;
  for (std::uint32_t round = 0; round < 200; ++round) {
    two_packets(bench, round);
    bench.wait_ms(1'000);
  }
  for (int i = 0; i < 15; ++i) {
    bench.wait_ms(5'000);
    bench.step();
  }
  EXPECT_EQ(bench.worker_->counters().chunks_free.value(), 64U);
  EXPECT_EQ(bench.worker_->counters().streams.value(), 0U);
}

}  // namespace
}  // namespace tapdeck::engine
