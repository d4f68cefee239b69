// Packets that are taken out of a chunk leave nothing behind.
#include "model/chunk.h"

#include <memory>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

constexpr std::int64_t kBaseUs = 1'000'000;

// Packets of 20 bytes every 10 ms, and a gap record behind the second.
std::unique_ptr<Chunk> chunk_of(std::uint32_t packets) {
  auto chunk = std::make_unique<Chunk>();
  chunk->section.base_us = kBaseUs;
  for (std::uint32_t i = 0; i < packets; ++i) {
    std::memset(chunk->append(RecordKind::kRtp, i * 10'000, 20), 0x5a, 20);
    ++chunk->section.packet_count;
    if (i == 1) std::memset(chunk->append(RecordKind::kGap, 10'000, kGapRecordBytes), 1, 5);
  }
  chunk->last_us = kBaseUs + (packets - 1) * 10'000;
  return chunk;
}

TEST(ChunkCut, TakesOutPacketsOfATimeAndLeavesTheRest) {
  const auto chunk = chunk_of(5);
  const std::uint32_t before = chunk->section.record_bytes;
  const CutPackets cut = cut_packets(*chunk, kBaseUs + 10'000, kBaseUs + 30'000);
  EXPECT_EQ(cut.packets, 2U);
  EXPECT_EQ(cut.from_us, kBaseUs + 10'000);
  EXPECT_EQ(cut.to_us, kBaseUs + 20'000);
  EXPECT_EQ(chunk->section.packet_count, 3U);
  EXPECT_EQ(chunk->section.record_bytes, before - 2 * (kRecordHeaderBytes + 20));
  EXPECT_EQ(chunk->last_us, kBaseUs + 40'000);
  std::vector<std::uint32_t> times;
  for (std::uint32_t at = 0; at < chunk->section.record_bytes;) {
    const RecordHead head = read_head(chunk->records.data() + at);
    times.push_back(head.kind == RecordKind::kGap ? 1 : head.delta_us);
    at += static_cast<std::uint32_t>(head.bytes);
  }
  EXPECT_EQ(times, (std::vector<std::uint32_t>{0, 1, 30'000, 40'000}));
  for (std::uint32_t at = chunk->section.record_bytes; at < before; ++at) {
    EXPECT_EQ(chunk->records[at], 0) << "nothing stays in memory";
  }
}

TEST(ChunkCut, MayLeaveNothing) {
  const auto chunk = chunk_of(1);
  EXPECT_EQ(cut_packets(*chunk, INT64_MIN, INT64_MAX).packets, 1U);
  EXPECT_EQ(chunk->section.record_bytes, 0U);
  EXPECT_EQ(chunk->last_us, kBaseUs);
  EXPECT_EQ(cut_packets(*chunk, INT64_MIN, INT64_MAX).packets, 0U);
}

}  // namespace
}  // namespace tapdeck
