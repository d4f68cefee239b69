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

}  // namespace
}  // namespace tapdeck::engine
