#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "engine/media.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

std::size_t count_of(const std::vector<StreamReport>& reports, StreamReportKind kind) {
  return static_cast<std::size_t>(std::ranges::count(reports, kind, &StreamReport::kind));
}

void ask(Bench& bench, BindOperation operation) {
  BindMessage message;
  message.operation = operation;
  ASSERT_TRUE(bench.rings_->push_bind(message));
  bench.step();
}

void pair(Bench& bench, std::uint32_t call, const char* address) {
  BindMessage message = bench.message(BindOperation::kBind, call, address);
  message.paired = true;
  message.receiver = static_cast<std::uint8_t>(address == kDestination ? 1 : 0);
  message.time_ns -= 5'000'000'000;
  ASSERT_TRUE(bench.rings_->push_bind(message));
  bench.step();
}

void turn_round(Bench& bench) {
  std::swap(bench.source_ip_, bench.destination_ip_);
  std::swap(bench.source_port_, bench.destination_port_);
}

void send_for_a_while(Bench& bench) {
  bench.rtp(1);
  bench.rtp(2);
  bench.rtp(1, 77);  // on probation
  bench.wait_ms(4'900);
  bench.rtp(3);
  EXPECT_TRUE(bench.reports().empty());
  bench.wait_ms(200);
  bench.step();
}

TEST(MediaUnbound, IsOfferedOnceAfterAWhileWhereItIsAskedFor) {
  for (const bool wanted : {false, true}) {
    Bench bench;
    if (wanted) ask(bench, BindOperation::kOfferUnbound);
    send_for_a_while(bench);
    EXPECT_EQ(bench.reports().size(), wanted ? 1U : 0U);
  }
  Bench bench;
  ask(bench, BindOperation::kOfferUnbound);
  send_for_a_while(bench);
  const auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].kind, StreamReportKind::kOffer);
  EXPECT_TRUE(reports[0].call.is_none());
  EXPECT_EQ(to_string(reports[0].source), kSource);
  EXPECT_EQ(to_string(reports[0].destination), kDestination);
  EXPECT_EQ(reports[0].statistics.packet_count, 3U);
  for (int i = 0; i < 3; ++i) {
    bench.rtp(static_cast<std::uint16_t>(4 + i));
    bench.wait_ms(5'100);
    bench.step();
  }
  EXPECT_TRUE(bench.reports().empty()) << "once";
  ask(bench, BindOperation::kLeaveUnbound);
  ask(bench, BindOperation::kOfferUnbound);
  bench.rtp(8);
  bench.wait_ms(5'100);
  bench.step();
  EXPECT_EQ(count_of(bench.reports(), StreamReportKind::kOffer), 1U) << "once for each asking";
}

TEST(MediaUnbound, MayBeAskedForAtOnceHoweverLittleRoomThereIs) {
  Bench bench;
  ask(bench, BindOperation::kOfferUnboundNow);
  for (std::uint32_t ssrc = 1; ssrc <= 400; ++ssrc) {
    bench.rtp(1, ssrc);
    bench.rtp(2, ssrc);
  }
  EXPECT_TRUE(bench.reports().empty()) << "nobody wants any";
  ask(bench, BindOperation::kOfferUnbound);
  ask(bench, BindOperation::kOfferUnboundNow);
  std::size_t offers = 0;
  for (int i = 0; i < 8; ++i) {
    offers += count_of(bench.reports(), StreamReportKind::kOffer);
    bench.step();
  }
  EXPECT_EQ(offers, 400U);
}

TEST(MediaUnbound, ACallThatClaimsBothEndsHasBothDirectionsAndWhatWasKept) {
  Bench bench;
  bench.rtp(1);
  bench.rtp(2);
  turn_round(bench);
  bench.rtp(1);
  bench.rtp(2);
  turn_round(bench);
  bench.wait_ms(5'000);
  pair(bench, 1, kSource);
  EXPECT_TRUE(bench.reports().empty()) << "one end is not enough";
  pair(bench, 1, kDestination);
  auto reports = bench.reports();
  ASSERT_EQ(count_of(reports, StreamReportKind::kActivity), 2U);
  for (const StreamReport& report : reports) {
    EXPECT_EQ(report.call.index, 1U);
    EXPECT_EQ(report.receiver, to_string(report.destination) == kDestination ? 1 : 0);
    EXPECT_EQ(report.sender, 1 - report.receiver);
    EXPECT_EQ(report.statistics.lost_by_us_count, 0U);
  }
  bench.source_ip_ = "192.0.2.9";  // somebody else to the same address
  bench.rtp(1);
  bench.rtp(2);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 0U);
  EXPECT_EQ(bench.count(PacketClass::kRtpQuarantined), 3U);
  bench.source_ip_ = "192.0.2.1";
  bench.rtp(3);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 1U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  std::size_t packets = 0;
  for (const Chunk* chunk : bench.chunks()) packets += chunk->section.packet_count;
  EXPECT_EQ(packets, 5U);
}

TEST(MediaUnbound, GivesWayToACallThatSdpNamesByEitherEnd) {
  for (const char* claimed : {kSource, kDestination}) {
    Bench bench;
    bench.rtp(1);
    bench.rtp(2);
    pair(bench, 1, kSource);
    pair(bench, 1, kDestination);
    bench.rtp(3);
    bench.reports();
    bench.wait_ms(100);
    bench.tell(BindOperation::kBind, 2, claimed);
    auto reports = bench.reports();
    ASSERT_EQ(reports.size(), 1U) << claimed;
    EXPECT_EQ(reports[0].kind, StreamReportKind::kFinal);
    EXPECT_EQ(reports[0].call.index, 1U);
    EXPECT_EQ(reports[0].statistics.packet_count, 3U);
    bench.rtp(4);
    reports = bench.reports();
    ASSERT_EQ(reports.size(), 1U) << claimed;
    EXPECT_EQ(reports[0].call.index, 2U);
    EXPECT_EQ(reports[0].statistics.packet_count, 1U);
  }
}

TEST(MediaUnbound, TakesNothingFromACallThatSdpNames) {
  Bench bench;
  bench.tell(BindOperation::kBind, 2, kSource);
  bench.rtp(1);
  bench.reports();
  bench.wait_ms(100);
  pair(bench, 1, kSource);
  pair(bench, 1, kDestination);
  bench.rtp(2);
  bench.rtp(1, 9);
  for (const StreamReport& report : bench.reports()) EXPECT_EQ(report.call.index, 2U);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 3U);
}

}  // namespace
}  // namespace tapdeck::engine
