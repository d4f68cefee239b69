// What happens to calls, streams and chunks when there is no room: engine/media.h has the rules.
#include <gtest/gtest.h>

#include "engine/media.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint16_t kFullChunk = 91;  // packets of the fixture's size, and none more

// Gap records of one reason, and the packets they speak of.
std::uint32_t told_in(const std::vector<Chunk*>& chunks, GapReason reason) {
  std::uint32_t packets = 0;
  for (const Chunk* chunk : chunks) {
    for (const Record& record : records_of(*chunk)) {
      const bool is_gap = record.kind == RecordKind::kGap;
      if (is_gap && record.bytes[4] == static_cast<std::uint8_t>(reason)) {
        packets += load_le<std::uint32_t>(record.bytes.data());
      }
    }
  }
  return packets;
}

std::vector<StreamReport> finals(Bench& bench) {
  std::vector<StreamReport> out;
  for (const StreamReport& report : bench.reports()) {
    if (report.kind == StreamReportKind::kFinal) out.push_back(report);
  }
  return out;
}

// Of calls 1, 2, ... each at a destination port of its own.
std::string destination_of(std::uint32_t call) {
  return "192.0.2.2:" + std::to_string(5'000 + call);
}

void send_of(Bench& bench, std::uint32_t call, std::uint16_t sequence, std::uint32_t ssrc = 1) {
  bench.destination_port_ = static_cast<std::uint16_t>(5'000 + call);
  bench.rtp(sequence, ssrc);
}

std::uint64_t free_chunks(const Bench& bench) {
  return bench.worker_->counters().chunks_free.value() + bench.rings_->home_count();
}

TEST(MediaShedding, ARefusedCallIsCountedAndNothingOfItIsKept) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRefuse, 1, nullptr);
  for (std::uint16_t i = 0; i < 5; ++i) bench.rtp(i);
  EXPECT_EQ(bench.worker_->counters().streams_withheld.value(), 1U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty());
  EXPECT_EQ(free_chunks(bench), 64U);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 5U);
  EXPECT_EQ(bench.count(DropReason::kCallWithheld), 5U);
  const auto reports = finals(bench);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].statistics.packet_count, 5U);
  EXPECT_EQ(reports[0].statistics.lost_by_us_count, 5U);
  EXPECT_EQ(bench.worker_->counters().streams_withheld.value(), 0U);
}

TEST(MediaShedding, ARefusalDropsTheFewPacketsThatCameBeforeIt) {
  Bench bench;
  for (std::uint16_t i = 0; i < 3; ++i) bench.rtp(i);  // before SDP, in quarantine
  bench.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint16_t i = 3; i < 6; ++i) bench.rtp(i);
  bench.tell(BindOperation::kRefuse, 1, nullptr);
  for (std::uint16_t i = 6; i < 8; ++i) bench.rtp(i);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty());
  EXPECT_EQ(free_chunks(bench), 64U);
  const auto reports = finals(bench);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].statistics.packet_count, 8U);
  EXPECT_EQ(reports[0].statistics.lost_by_us_count, 8U);
  EXPECT_EQ(bench.count(DropReason::kCallWithheld), 8U);
}

TEST(MediaShedding, WhatWaitedInQuarantineForARefusedCallIsCounted) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, "192.0.2.9:9");
  bench.tell(BindOperation::kRefuse, 1, nullptr);
  for (std::uint16_t i = 0; i < 3; ++i) bench.rtp(i);
  bench.rtp(9, 2);  // a single one, in probation
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(3);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty());
  EXPECT_EQ(free_chunks(bench), 64U);
  EXPECT_EQ(bench.count(DropReason::kCallWithheld), 5U);
  for (const StreamReport& report : finals(bench)) {
    EXPECT_EQ(report.statistics.lost_by_us_count, report.statistics.packet_count);
  }
}

TEST(MediaShedding, ACutCallKeepsWhatItHasAndGoesOnWhenRestored) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  std::uint16_t sequence = 0;
  const auto send = [&](int packets) {
    for (int i = 0; i < packets; ++i, bench.wait_ms(20)) bench.rtp(sequence++);
  };
  send(100);
  bench.tell(BindOperation::kCut, 1, nullptr);
  send(10);
  bench.tell(BindOperation::kCut, 1, nullptr);  // told twice is told once
  bench.tell(BindOperation::kRestore, 1, nullptr);
  send(5);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  EXPECT_EQ(packets_in(chunks), 105U);
  EXPECT_EQ(told_in(chunks, GapReason::kWithheld), 10U);
  const auto reports = finals(bench);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].statistics.lost_by_us_count, 10U);
  const LossSpan& span = reports[0].losses[static_cast<std::size_t>(LossCause::kByUs)];
  EXPECT_EQ(span.packet_count, 10U);
  EXPECT_EQ((span.to_ns - span.from_ns) / kNsPerMs, 200);
}

TEST(MediaShedding, APauseIsNoLossOfACutCall) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(0);
  bench.tell(BindOperation::kCut, 1, nullptr);
  bench.rtp(1);
  bench.wait_ms(20);
  bench.tell(BindOperation::kPause, 1, nullptr);
  for (std::uint16_t i = 2; i < 6; ++i) bench.rtp(i);
  bench.wait_ms(20);
  bench.tell(BindOperation::kResume, 1, nullptr);
  bench.rtp(6);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto reports = finals(bench);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].statistics.lost_by_us_count, 2U);
  EXPECT_EQ(reports[0].losses[static_cast<std::size_t>(LossCause::kPaused)].packet_count, 4U);
  EXPECT_EQ(bench.count(PacketClass::kRtpPaused), 4U);
}

TEST(MediaShedding, AStreamThatMovesToAnotherCallLeavesItsRefusalBehind) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRefuse, 1, nullptr);
  for (std::uint16_t i = 0; i < 3; ++i) bench.rtp(i);
  bench.wait_ms(1'020);
  bench.tell(BindOperation::kBind, 2, kDestination);
  for (std::uint16_t i = 3; i < 7; ++i) bench.rtp(i);
  bench.tell(BindOperation::kRelease, 2, nullptr);
  EXPECT_EQ(packets_in(bench.chunks()), 4U);
  EXPECT_EQ(bench.worker_->counters().streams_withheld.value(), 0U);
  for (const StreamReport& report : finals(bench)) {
    EXPECT_EQ(report.statistics.lost_by_us_count, report.call.index == 1 ? 3U : 0U);
  }
}

TEST(MediaShedding, QuarantineYieldsItsChunksToCalls) {
  Bench::Options options;
  options.rings.chunk_count = 2;
  options.worker.quarantine_pct = 100;
  Bench bench(options);
  for (std::uint16_t i = 0; i < 3; ++i) send_of(bench, 8, i);
  for (std::uint16_t i = 0; i < 3; ++i) send_of(bench, 9, i);
  ASSERT_EQ(free_chunks(bench), 0U);
  bench.tell(BindOperation::kBind, 1, destination_of(1).c_str());
  send_of(bench, 1, 0);
  EXPECT_EQ(bench.count(DropReason::kQuarantineFull), 3U);
  EXPECT_EQ(bench.count(DropReason::kNoChunk), 0U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_EQ(packets_in(bench.chunks()), 1U);
}

// Four chunks, two calls of two streams, and a writer that takes nothing: the call whose stream
// first wants a fifth loses all that follows, the other one nothing.
TEST(MediaShedding, WithoutChunksOneCallStarvesWholeAndTheOthersAreNotTouched) {
  Bench::Options options;
  options.rings.chunk_count = 4;
  Bench bench(options);
  for (const std::uint32_t call : {1U, 2U}) {
    bench.tell(BindOperation::kBind, call, destination_of(call).c_str());
  }
  std::uint16_t sequence = 0;
  for (; sequence < kFullChunk - 1; ++sequence) {
    send_of(bench, 1, sequence, 1);
    send_of(bench, 1, sequence, 2);
    if (sequence % 2 != 0) continue;
    send_of(bench, 2, sequence, 3);
    send_of(bench, 2, sequence, 4);
  }
  ASSERT_EQ(bench.count(DropReason::kNoChunk), 0U);
  std::uint16_t lost = 0;
  for (; lost < 10; ++lost) {
    send_of(bench, 1, static_cast<std::uint16_t>(sequence + lost), 1);
    send_of(bench, 1, static_cast<std::uint16_t>(sequence + lost), 2);
    send_of(bench, 2, static_cast<std::uint16_t>(2 * lost + kFullChunk), 3);
  }
  EXPECT_GE(bench.count(DropReason::kNoChunk), 18U);
  const std::uint64_t starved = bench.count(DropReason::kNoChunk);
  // The disk is back: the call is recorded again, and what it missed is told.
  std::uint32_t kept = 0;
  std::uint32_t told = 0;
  const auto write_all = [&] {
    while (Chunk* chunk = bench.rings_->pop_chunk()) {
      kept += chunk->section.packet_count;
      told += told_in({chunk}, GapReason::kNoChunk);
      bench.rings_->take_home(chunk);
    }
  };
  write_all();
  bench.step();
  send_of(bench, 1, 200, 1);
  send_of(bench, 1, 200, 2);
  EXPECT_EQ(bench.count(DropReason::kNoChunk), starved);
  std::uint64_t lost_by_us = 0;
  for (const std::uint32_t call : {1U, 2U}) {
    bench.tell(BindOperation::kRelease, call, nullptr);
    write_all();
  }
  for (const StreamReport& report : finals(bench)) {
    lost_by_us += report.statistics.lost_by_us_count;
    if (report.call.index != 2) continue;
    EXPECT_EQ(report.statistics.lost_by_us_count, 0U);
  }
  EXPECT_EQ(lost_by_us, starved);
  EXPECT_EQ(told, starved);
  EXPECT_EQ(kept + lost_by_us, bench.count(PacketClass::kRtpBound));
}

TEST(MediaShedding, AStarvedCallThatEndsLeavesNothingBehind) {
  Bench::Options options;
  options.rings.chunk_count = 1;
  Bench bench(options);
  for (const std::uint32_t call : {1U, 2U, 3U}) {
    bench.tell(BindOperation::kBind, call, destination_of(call).c_str());
    send_of(bench, call, 0);
  }
  EXPECT_EQ(bench.count(DropReason::kNoChunk), 2U);
  bench.tell(BindOperation::kRelease, 2, nullptr);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  while (Chunk* chunk = bench.rings_->pop_chunk()) bench.rings_->take_home(chunk);
  bench.step();
  send_of(bench, 3, 1);
  bench.tell(BindOperation::kRelease, 3, nullptr);
  EXPECT_EQ(packets_in(bench.chunks()), 1U);
}

TEST(MediaShedding, StreamsThatAreNotKeptMakeRoomInAFullTable) {
  Bench::Options options;
  options.worker.streams_max = 8;
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRefuse, 1, nullptr);
  for (std::uint32_t ssrc = 1; ssrc <= 8; ++ssrc) bench.rtp(0, ssrc);
  EXPECT_EQ(bench.worker_->counters().streams.value(), 6U);  // the last quarter is for others
  EXPECT_EQ(bench.count(DropReason::kCallWithheld), 8U);
  EXPECT_EQ(bench.count(DropReason::kStreamTableFull), 0U);
  bench.tell(BindOperation::kBind, 2, destination_of(2).c_str());
  for (std::uint32_t ssrc = 1; ssrc <= 8; ++ssrc) send_of(bench, 2, 0, ssrc);
  EXPECT_EQ(bench.count(DropReason::kStreamTableFull), 0U);
  send_of(bench, 2, 0, 9);
  EXPECT_EQ(bench.count(DropReason::kStreamTableFull), 1U);
  static_cast<void>(bench.reports());
  bench.tell(BindOperation::kRelease, 2, nullptr);
  EXPECT_EQ(packets_in(bench.chunks()), 8U);
  std::uint64_t lost_by_us = 0;
  for (const StreamReport& report : finals(bench)) {
    lost_by_us += report.statistics.lost_by_us_count;
  }
  EXPECT_EQ(lost_by_us, 1U) << "the ninth stream is told by one of the others";
  EXPECT_EQ(bench.class_sum(), bench.worker_->counters().rx_packets.value());
}

TEST(MediaShedding, UnexplainedStreamsMakeRoomInAFullTable) {
  Bench::Options options;
  options.worker.streams_max = 8;
  Bench bench(options);
  for (std::uint32_t ssrc = 1; ssrc <= 8; ++ssrc) {
    for (std::uint16_t i = 0; i < 3; ++i) send_of(bench, 9, i, ssrc);
  }
  bench.tell(BindOperation::kBind, 1, destination_of(1).c_str());
  for (std::uint32_t ssrc = 1; ssrc <= 4; ++ssrc) send_of(bench, 1, 0, ssrc);
  EXPECT_EQ(bench.count(DropReason::kQuarantineFull), 12U);
  EXPECT_EQ(bench.count(DropReason::kStreamTableFull), 0U);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 4U);
}

}  // namespace
}  // namespace tapdeck::engine
