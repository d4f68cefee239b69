#include "engine/chunker.h"

#include <limits>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

constexpr const char* kDestination = "192.0.2.2:5000";

TEST(Chunker, PartialChunksGoOutTogetherWithThoseOfTheirCall) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1, 1);
  bench.wait_ms(3'000);
  bench.rtp(1, 2);
  bench.wait_ms(1'999);
  bench.step();
  EXPECT_TRUE(bench.chunks().empty());
  bench.wait_ms(1);
  bench.step();
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0]->stream_ended, 0);
}

// Records count from the chunk's base in 32 bits of microseconds.
TEST(Chunker, TimesTooFarForOneChunkStartAnother) {
  const auto chunk = std::make_unique<Chunk>();
  StreamHot hot{};
  const std::vector<std::uint8_t> packet(172, 1);
  const std::int64_t base_ns = 1'700'000'000 * kNsPerSecond;
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  begin_chunk(*chunk, hot, base_ns, 0);
  EXPECT_TRUE(append_record(*chunk, hot.fill, packet, base_ns - 20 * kNsPerMs));
  EXPECT_FALSE(append_record(*chunk, hot.fill, packet, base_ns + (kMost + 1) * kNsPerUs));
  EXPECT_TRUE(append_record(*chunk, hot.fill, packet, base_ns + kMost * kNsPerUs));
  seal_chunk(*chunk, hot.fill);
  EXPECT_EQ(chunk->section.packet_count, 2U);
  EXPECT_EQ(chunk->last_us, base_ns / kNsPerUs + kMost);
}

TEST(Chunker, AFullWriterRingBecomesAGapInTheNextChunk) {
  Bench::Options options;
  options.rings.chunk_slots = 2;  // one chunk
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint16_t i = 0; i < 200; ++i) bench.rtp(i);  // three chunks of 90, 90, 20
  bench.wait_ms(6'000);
  const auto first = bench.chunks();
  ASSERT_EQ(first.size(), 1U);
  bench.step();
  const auto second = bench.chunks();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0]->sequence, 1U);
  const std::uint32_t lost = first[0]->section.packet_count;
  EXPECT_EQ(bench.count(DropReason::kWriterFull), lost);
  bool told = false;
  for (const Record& record : records_of(*second[0])) {
    if (record.kind != RecordKind::kGap) continue;
    told = true;
    EXPECT_EQ(load_le<std::uint32_t>(record.bytes.data()), lost);
    EXPECT_EQ(record.bytes[4], static_cast<std::uint8_t>(GapReason::kWriterFull));
  }
  EXPECT_TRUE(told);
}

TEST(Chunker, WithoutChunksPacketsAreCountedAndTold) {
  Bench::Options options;
  options.rings.chunk_count = 2;
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1, 1);
  bench.rtp(1, 2);
  bench.rtp(1, 3);
  EXPECT_EQ(bench.count(DropReason::kNoChunk), 1U);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 3U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  for (const StreamReport& report : bench.reports()) {
    if (report.kind != StreamReportKind::kFinal) continue;
    EXPECT_EQ(report.statistics.lost_by_us_count, report.ssrc == 3 ? 1U : 0U);
  }
}

TEST(Chunker, APacketTooLongForARecordIsToldNotCut) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.send(testing::PacketBuilder()
                 .ipv4("192.0.2.1", "192.0.2.2")
                 .udp(4000, 5000)
                 .rtp({.ssrc = 1, .payload_bytes = kPacketBytesMax + 1 - 12})
                 .bytes());
  bench.send(testing::PacketBuilder()
                 .ipv4("192.0.2.1", "192.0.2.2")
                 .udp(4000, 5000)
                 .rtp({.sequence = 1, .ssrc = 2, .payload_bytes = kPacketBytesMax - 12})
                 .bytes());
  bench.step();
  EXPECT_EQ(bench.count(DropReason::kRtpTooLong), 1U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(records_of(*chunks[0])[0].bytes[4], static_cast<std::uint8_t>(GapReason::kTooLong));
  EXPECT_EQ(records_of(*chunks[1])[0].bytes.size(), kPacketBytesMax);
}

TEST(Chunker, FinishHandsOutOpenChunksAsTheRingAllows) {
  Bench::Options options;
  options.rings.chunk_slots = 2;
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1, 1);
  bench.rtp(1, 2);
  EXPECT_FALSE(bench.worker_->finish({kStartNs, kStartNs}));
  EXPECT_EQ(bench.chunks().size(), 1U);
  EXPECT_TRUE(bench.worker_->finish({kStartNs, kStartNs}));
  EXPECT_EQ(bench.chunks().size(), 1U);
  EXPECT_EQ(bench.count(DropReason::kWriterFull), 0U);
}

}  // namespace
}  // namespace tapdeck::engine
