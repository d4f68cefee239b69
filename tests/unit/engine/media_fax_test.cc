// T.38 in datagrams: counted for the call that has claimed its addresses, and nothing of it kept.
#include <initializer_list>

#include <gtest/gtest.h>

#include "engine/media.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

void datagram(Bench& bench, std::uint16_t sequence, bool back = false) {
  testing::PacketBuilder packet;
  packet.ipv4(back ? bench.destination_ip_ : bench.source_ip_,
              back ? bench.source_ip_ : bench.destination_ip_);
  packet.udp(back ? bench.destination_port_ : bench.source_port_,
             back ? bench.source_port_ : bench.destination_port_);
  const auto high = static_cast<std::uint8_t>(sequence >> 8);
  const auto low = static_cast<std::uint8_t>(sequence);
  bench.send(packet.append({high, low, 7, 0xc0, 1, 2, 3, 4, 5, 6, 0, 0}).bytes());
  bench.step();
}

void bind_fax(Bench& bench, std::uint32_t call, const char* address, std::uint8_t receiver = 1) {
  BindMessage message = bench.message(BindOperation::kBind, call, address);
  message.kind = MediaKind::kFax;
  message.receiver = receiver;
  message.fax = message.no_rtp = true;
  ASSERT_TRUE(bench.rings_->push_bind(message));
  bench.step();
}

StreamReport last_report(Bench& bench) {
  const auto reports = bench.reports();
  for (std::size_t i = reports.size(); i > 0; --i) {
    if (reports[i - 1].kind != StreamReportKind::kReleased) return reports[i - 1];
  }
  ADD_FAILURE() << "no report";
  return {};
}

TEST(MediaFax, ADirectionIsToldOfLikeAStream) {
  Bench bench;
  datagram(bench, 0);
  bind_fax(bench, 1, kDestination);
  bind_fax(bench, 1, kSource, 0);
  for (const std::uint16_t sequence : std::initializer_list<std::uint16_t>{1, 2, 4, 4, 5}) {
    datagram(bench, sequence);
  }
  datagram(bench, 9, true);
  EXPECT_EQ(bench.count(PacketClass::kFaxBound), 6U);
  EXPECT_EQ(bench.count(PacketClass::kOtherUdp), 1U) << "before it was agreed on";
  EXPECT_EQ(bench.reports().size(), 2U) << "at once, for each direction";
  bench.wait_ms(5'100);
  bench.step();
  const auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 2U);
  const StreamReport& report = reports[0];
  EXPECT_EQ(report.kind, StreamReportKind::kActivity);
  EXPECT_TRUE(report.is_fax());
  EXPECT_EQ(report.receiver, 1);
  EXPECT_EQ(report.sender, 0);
  EXPECT_EQ(to_string(report.source), kSource);
  EXPECT_EQ(report.statistics.packet_count, 5U);
  EXPECT_EQ(report.statistics.payload_bytes, 60U);
  EXPECT_EQ(report.statistics.expected_count, 5U);
  EXPECT_EQ(report.statistics.duplicate_count, 1U);
  EXPECT_LT(report.statistics.jitter_ms, 0);
  for (const LossSpan& loss : report.losses) EXPECT_EQ(loss.packet_count, 0U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_EQ(last_report(bench).kind, StreamReportKind::kFinal);
  EXPECT_TRUE(bench.chunks().empty());
  datagram(bench, 6);
  EXPECT_EQ(bench.count(PacketClass::kOtherUdp), 2U);
}

TEST(MediaFax, TheSourceTellsWhereTheDestinationDoesNot) {
  Bench bench;
  bind_fax(bench, 1, kSource, 0);
  datagram(bench, 1);
  const StreamReport report = last_report(bench);
  EXPECT_EQ(report.receiver, kNoParty);
  EXPECT_EQ(report.sender, 0);
}

TEST(MediaFax, WhatBeginsLikeRtpIsTheFaxsWhereItsLengthsFit) {
  Bench bench;
  bind_fax(bench, 1, kDestination);
  datagram(bench, 0x8001);
  datagram(bench, 0x80c8);  // like a sender report
  EXPECT_EQ(bench.count(PacketClass::kFaxBound), 2U);
  bench.rtp(1);
  bench.rtp(2);
  EXPECT_EQ(bench.count(PacketClass::kRtpProbation), 1U);
  EXPECT_EQ(bench.count(PacketClass::kRtpQuarantined), 1U) << "the fax explains no RTP";
}

TEST(MediaFax, RtpOfTheCallStaysItsOnAnAddressThatBecomesAFaxs) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  datagram(bench, 1);
  EXPECT_EQ(bench.count(PacketClass::kOtherUdp), 1U);
  bind_fax(bench, 1, kDestination);
  bench.rtp(2);
  datagram(bench, 2);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(3);
  bench.rtp(1, 9);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 4U);
  EXPECT_EQ(bench.count(PacketClass::kFaxBound), 1U);
}

TEST(MediaFax, AnotherCallTakesItOver) {
  Bench bench;
  bind_fax(bench, 1, kDestination);
  datagram(bench, 1);
  datagram(bench, 2);
  bench.wait_ms(10);
  bind_fax(bench, 2, kDestination);
  const StreamReport final = last_report(bench);
  EXPECT_EQ(final.kind, StreamReportKind::kFinal);
  EXPECT_EQ(final.call.index, 1U);
  EXPECT_EQ(final.statistics.packet_count, 2U);
  datagram(bench, 3);
  const StreamReport next = last_report(bench);
  EXPECT_EQ(next.call.index, 2U);
  EXPECT_EQ(next.statistics.packet_count, 1U);
}

TEST(MediaFax, OfACallThatIsNotKeptNothingOfItIsLost) {
  Bench bench;
  bind_fax(bench, 1, kDestination);
  datagram(bench, 1);
  bench.tell(BindOperation::kRefuse, 1, nullptr);
  bench.tell(BindOperation::kPause, 1, nullptr);
  for (std::uint16_t sequence = 2; sequence < 6; ++sequence) datagram(bench, sequence);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const StreamReport report = last_report(bench);
  EXPECT_EQ(report.statistics.packet_count, 5U);
  EXPECT_EQ(report.statistics.lost_by_us_count, 0U);
  for (const LossSpan& loss : report.losses) EXPECT_EQ(loss.packet_count, 0U);
}

TEST(MediaFax, ItLeavesTheLastStreamsToRtp) {
  Bench::Options options;
  options.worker.streams_max = 8;
  Bench bench(options);
  bind_fax(bench, 1, kDestination);
  for (std::uint16_t i = 0; i < 8; ++i) {
    bench.source_port_ = static_cast<std::uint16_t>(4'000 + i);
    datagram(bench, 1);
  }
  EXPECT_EQ(bench.count(PacketClass::kFaxBound), 8U);
  EXPECT_EQ(bench.count(DropReason::kStreamTableFull), 2U);
}

}  // namespace
}  // namespace tapdeck::engine
