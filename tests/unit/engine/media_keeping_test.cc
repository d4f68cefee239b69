#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/media.h"
#include "tests/support/packet_builder.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kCutBytes = 70;  // of a frame: 28 of RTP

// As Bench::rtp(), but the capture has cut the frame.
void send_cut(Bench& bench, std::uint16_t sequence) {
  auto frame = testing::PacketBuilder()
                   .ipv4(bench.source_ip_, bench.destination_ip_)
                   .udp(bench.source_port_, bench.destination_port_)
                   .rtp({.sequence = sequence, .timestamp = sequence * 160U, .ssrc = 1})
                   .bytes();
  const auto length = static_cast<std::uint32_t>(frame.size());
  frame.resize(kCutBytes);
  bench.send(frame, length);
  bench.step();
}

LossSpan cut_in(const StreamReport& report) {
  return report.losses[static_cast<std::size_t>(LossCause::kCut)];
}

TEST(MediaKeeping, WhatTheCaptureHasCutIsToldAndKept) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  bench.wait_ms(20);
  send_cut(bench, 2);
  bench.wait_ms(20);
  send_cut(bench, 3);
  EXPECT_EQ(bench.count(DropReason::kRtpTruncated), 2U);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 3U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(records_of(*chunks[0]).at(1).bytes.size(), 28U);
  for (const StreamReport& report : bench.reports()) {
    if (report.kind != StreamReportKind::kFinal) continue;
    EXPECT_EQ(cut_in(report).packet_count, 2U);
    EXPECT_EQ(cut_in(report).from_ns, kStartNs + 20 * kNsPerMs);
    EXPECT_EQ(cut_in(report).to_ns, kStartNs + 40 * kNsPerMs);
    EXPECT_EQ(report.statistics.lost_by_us_count, 0U);
  }
}

TEST(MediaKeeping, WhatWasCutInQuarantineIsToldByTheCall) {
  Bench bench;
  for (std::uint16_t i = 1; i <= 3; ++i) send_cut(bench, i);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  std::uint64_t told = 0;
  for (const StreamReport& report : bench.reports()) told += cut_in(report).packet_count;
  EXPECT_EQ(told, 3U);
}

TEST(MediaKeeping, OfWhatIsNotKeptNothingIsCut) {
  Bench bench;
  bench.tell(BindOperation::kMute, 1, nullptr);
  bench.tell(BindOperation::kBind, 1, kDestination);
  send_cut(bench, 1);
  EXPECT_EQ(bench.count(DropReason::kRtpTruncated), 0U);
}

class MediaKeepingOnce : public ::testing::Test {
 protected:
  void send(const testing::RtpFields& fields, std::uint16_t vlan = 0) {
    testing::PacketBuilder builder;
    if (vlan != 0) builder.vlan(vlan);
    bench_.send(builder.ipv4(bench_.source_ip_, bench_.destination_ip_)
                    .udp(bench_.source_port_, bench_.destination_port_)
                    .rtp(fields)
                    .bytes());
    bench_.step();
  }

  // A packet of 20 ms, as each of `vlans` shows it.
  void mirrored(std::uint16_t sequence, const std::vector<std::uint16_t>& vlans) {
    for (const std::uint16_t vlan : vlans) {
      send({.sequence = sequence, .timestamp = sequence * 160U, .ssrc = 1}, vlan);
    }
    bench_.wait_ms(20);
  }

  std::uint32_t kept() {
    bench_.tell(BindOperation::kRelease, 1, nullptr);
    return packets_in(bench_.chunks());
  }

  StreamStatistics told() {
    StreamStatistics last;
    for (const StreamReport& report : bench_.reports()) {
      if (report.kind == StreamReportKind::kFinal) last = report.statistics;
    }
    return last;
  }

  Bench bench_;
};

TEST_F(MediaKeepingOnce, WhatTwoMirrorsShowIsKeptOnce) {
  bench_.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint16_t i = 0; i < 250; ++i) mirrored(i, {0, 9});  // more than two chunks
  EXPECT_EQ(bench_.count(PacketClass::kRtpBound), 250U);
  EXPECT_EQ(bench_.count(PacketClass::kRtpDuplicate), 250U);
  EXPECT_EQ(kept(), 250U);
  const StreamStatistics statistics = told();
  EXPECT_EQ(statistics.packet_count, 500U);
  EXPECT_EQ(statistics.duplicate_count, 250U);
  EXPECT_EQ(statistics.lost_by_us_count, 0U);
}

TEST_F(MediaKeepingOnce, ASecondMirrorMayLag) {
  bench_.tell(BindOperation::kBind, 1, kDestination);
  constexpr std::uint16_t kLag = kRecentPackets - 1;
  for (std::uint16_t i = 0; i < 250; ++i) {
    mirrored(i, {0});
    if (i >= kLag) mirrored(static_cast<std::uint16_t>(i - kLag), {9});
  }
  EXPECT_EQ(bench_.count(PacketClass::kRtpDuplicate), 250U - kLag);
  EXPECT_EQ(kept(), 250U);
}

TEST_F(MediaKeepingOnce, WhatNoSdpExplainsYetIsKeptOnce) {
  for (std::uint16_t i = 0; i < 200; ++i) mirrored(i, {0, 9});
  bench_.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint16_t i = 200; i < 210; ++i) mirrored(i, {0, 9});
  EXPECT_EQ(bench_.count(PacketClass::kRtpDuplicate), 210U);
  EXPECT_EQ(kept(), 210U);
  EXPECT_EQ(told().lost_by_us_count, 0U);
}

TEST_F(MediaKeepingOnce, APacketThatJumpsIsKeptOnce) {
  bench_.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint16_t i = 0; i < 10; ++i) mirrored(i, {0, 9});
  for (std::uint16_t i = 20'000; i < 20'010; ++i) mirrored(i, {0, 9});
  EXPECT_EQ(bench_.count(PacketClass::kRtpDuplicate), 20U);
  EXPECT_EQ(kept(), 20U);
  EXPECT_EQ(told().duplicate_count, 20U);
}

TEST_F(MediaKeepingOnce, TheSameNumberAloneIsNoDuplicate) {
  bench_.tell(BindOperation::kBind, 1, kDestination);
  mirrored(1, {0});
  send({.sequence = 1, .timestamp = 99'000, .ssrc = 1});                    // begins anew
  send({.payload_type = 101, .sequence = 1, .timestamp = 160, .ssrc = 1});  // another codec
  send({.sequence = 1, .timestamp = 160, .ssrc = 1, .marker = true});       // another mark
  send({.sequence = 1, .timestamp = 160, .ssrc = 1, .payload_bytes = 80});  // shorter
  EXPECT_EQ(bench_.count(PacketClass::kRtpDuplicate), 0U);
  EXPECT_EQ(kept(), 5U);
  EXPECT_EQ(told().duplicate_count, 4U) << "the number was there";
}

TEST_F(MediaKeepingOnce, AStreamThatChangesCallsRemembersNothing) {
  bench_.tell(BindOperation::kBind, 1, kDestination);
  mirrored(1, {0, 9});
  bench_.wait_ms(1'000);
  bench_.tell(BindOperation::kBind, 2, kDestination);
  mirrored(2, {0});
  mirrored(1, {0});
  EXPECT_EQ(bench_.count(PacketClass::kRtpDuplicate), 1U);
  EXPECT_EQ(bench_.count(PacketClass::kRtpBound), 3U);
}

TEST_F(MediaKeepingOnce, WhileNothingIsKeptADuplicateIsLostLikeTheRest) {
  bench_.tell(BindOperation::kBind, 1, kDestination);
  mirrored(1, {0, 9});
  bench_.tell(BindOperation::kCut, 1, nullptr);
  mirrored(2, {0, 9});
  bench_.tell(BindOperation::kRestore, 1, nullptr);
  mirrored(2, {9});
  EXPECT_EQ(kept(), 2U) << "the copy of one that was not kept is";
  EXPECT_EQ(told().lost_by_us_count, 2U);
}

}  // namespace
}  // namespace tapdeck::engine
