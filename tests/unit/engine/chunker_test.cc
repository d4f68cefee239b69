#include "engine/chunker.h"

#include <limits>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "model/extent.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

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

// What an extent with these sections takes on disk before padding.
std::size_t extent_bytes(const std::vector<Chunk*>& chunks) {
  std::size_t bytes = kExtentHeaderBytes;
  for (const Chunk* chunk : chunks) bytes += kPackedEntryBytes + chunk->section_view().size();
  return bytes - (chunks.size() == 1 ? kPackedEntryBytes : 0);
}

// G.729 in packets of 20 ms, from each of the first `streams` streams; when they came by number.
class Talk {
 public:
  Talk() : bench_(options()) { bench_.tell(BindOperation::kBind, 1, kDestination); }

  static Bench::Options options() {
    Bench::Options options;
    options.rings.chunk_count = 255;  // none comes home
    options.rings.chunk_slots = 256;
    return options;
  }

  void say(std::uint32_t streams) {
    for (std::uint32_t stream = 0; stream < streams; ++stream) {
      bench_.send(testing::PacketBuilder()
                      .ipv4("192.0.2.1", "192.0.2.2")
                      .udp(4000, 5000)
                      .rtp({.sequence = sequence_, .ssrc = stream, .payload_bytes = 20})
                      .bytes());
    }
    ++sequence_;
    step();
    bench_.wait_ms(20);
  }

  // Takes what came out, and looks at it: no packet is late, lost or at another time than its own.
  std::vector<Chunk*> step() {
    bench_.step();
    const std::vector<Chunk*> chunks = bench_.chunks();
    for (const Chunk* chunk : chunks) {
      std::uint16_t& next = next_[chunk->section.ssrc];
      for (const Record& record : records_of(*chunk)) {
        if (record.kind != RecordKind::kRtp) continue;
        EXPECT_EQ(load_be<std::uint16_t>(record.bytes.data() + 2), next);
        const std::int64_t time_us = chunk->section.base_us + record.delta_us;
        EXPECT_EQ(time_us, kStartNs / kNsPerUs + next * 20'000);
        EXPECT_LE(kStartNs / kNsPerUs + bench_.time_ms_ * 1'000 - time_us, 5'000'000);
        ++next;
        ++packets_;
      }
      EXPECT_EQ(chunk->sequence, sequences_[chunk->section.ssrc]++);
      EXPECT_EQ(chunk->last_us, kStartNs / kNsPerUs + (next - 1) * 20'000);
      EXPECT_EQ(chunk->section.packet_count, records_of(*chunk).size());
    }
    if (!chunks.empty()) out_.push_back(chunks);
    return chunks;
  }

  Bench bench_;
  std::uint16_t sequence_ = 0;
  std::map<std::uint32_t, std::uint16_t> next_;
  std::map<std::uint32_t, std::uint32_t> sequences_;
  std::uint32_t packets_ = 0;
  std::vector<std::vector<Chunk*>> out_;
};

TEST(Chunker, WhatGoesOutForItsAgeFillsWholeBlocks) {
  for (const std::uint32_t streams : {1U, 2U, 3U}) {
    Talk talk;
    for (int i = 0; i < 60 * 50; ++i) talk.say(streams);
    ASSERT_GT(talk.out_.size(), 10U);
    for (const std::vector<Chunk*>& group : talk.out_) {
      const std::size_t bytes = extent_bytes(group);
      if (streams == 3) continue;  // two groups at once
      EXPECT_LT(kBlockBytes - bytes % kBlockBytes, kBlockBytes / 8 + 38) << bytes;
    }
    talk.bench_.tell(BindOperation::kRelease, 1, nullptr);
    talk.step();
    EXPECT_EQ(talk.packets_, streams * 60 * 50);
  }
}

// The promise: no packet waits longer than flush_interval, whoever falls silent when.
TEST(Chunker, ARestIsNoYoungerThanItsFirstPacket) {
  Talk talk;
  for (int i = 0; i < 250; ++i) talk.say(2);
  EXPECT_EQ(talk.packets_, 0U);
  while (talk.packets_ == 0) {
    talk.step();
    talk.bench_.wait_ms(1);
  }
  const std::uint32_t left = 500 - talk.packets_;
  EXPECT_GT(left, 0U);
  EXPECT_LT(left * 38, kBlockBytes);
  for (int ms = 0; ms < 5'000; ++ms) {
    talk.step();
    talk.bench_.wait_ms(1);
  }
  EXPECT_EQ(talk.packets_, 500U);
}

TEST(Chunker, WithoutAChunkForTheRestAllGoesOut) {
  Bench::Options options;
  options.rings.chunk_count = 1;
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint16_t i = 0; i < 30; ++i) bench.rtp(i);  // 5 532 bytes
  bench.wait_ms(5'000);
  bench.step();
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0]->section.packet_count, 30U);
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
