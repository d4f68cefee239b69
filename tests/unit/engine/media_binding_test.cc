#include <gtest/gtest.h>

#include "engine/endpoint_map.h"
#include "engine/media.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

std::vector<std::uint32_t> calls_of(const std::vector<StreamReport>& reports,
                                    StreamReportKind kind) {
  std::vector<std::uint32_t> calls;
  for (const StreamReport& report : reports) {
    if (report.kind == kind) calls.push_back(report.call.index);
  }
  return calls;
}

TEST(MediaBinding, AStreamBetweenTwoAddressesOfACallIsNotAnotherCallsThatNamesOneOfThem) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kBind, 1, kSource);
  bench.rtp(1);
  bench.rtp(2);
  bench.reports();
  bench.wait_ms(10);
  bench.tell(BindOperation::kBind, 2, kDestination);
  bench.tell(BindOperation::kBind, 2, "192.0.2.7:4400");
  bench.rtp(3);
  bench.rtp(1, 9);
  EXPECT_EQ(calls_of(bench.reports(), StreamReportKind::kActivity), std::vector<std::uint32_t>{1})
      << "a new stream of the pair, and the old one stays";
  bench.source_ip_ = "192.0.2.7";
  bench.source_port_ = 4'400;
  bench.rtp(1);
  bench.source_port_ = 4'401;
  bench.rtp(1);
  EXPECT_EQ(calls_of(bench.reports(), StreamReportKind::kActivity),
            (std::vector<std::uint32_t>{2, 2}))
      << "by its source, and by the newest claim where the source tells nothing";
}

TEST(MediaBinding, ANewCallOnBothAddressesTakesTheStreamThatHadStopped) {
  Bench bench;
  for (const std::uint32_t call : {1U, 2U}) {
    bench.tell(BindOperation::kBind, call, kDestination);
    bench.tell(BindOperation::kBind, call, kSource);
    bench.rtp(1);
    bench.wait_ms(1'000);
  }
  const auto reports = bench.reports();
  EXPECT_EQ(calls_of(reports, StreamReportKind::kFinal), std::vector<std::uint32_t>{1});
  EXPECT_EQ(calls_of(reports, StreamReportKind::kActivity), (std::vector<std::uint32_t>{1, 2}));
}

TEST(MediaBinding, ACallThatIsOverClaimsNoNewStreams) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kBind, 1, kSource);
  bench.wait_ms(10);
  bench.tell(BindOperation::kUnbind, 1, kSource);
  bench.tell(BindOperation::kUnbind, 1, kDestination);
  bench.tell(BindOperation::kBind, 2, kDestination);
  bench.wait_ms(10);
  bench.rtp(1);
  EXPECT_EQ(calls_of(bench.reports(), StreamReportKind::kActivity), std::vector<std::uint32_t>{2});
}

TEST(MediaBinding, ALearntAddressExplainsWhatNothingElseDoes) {
  Bench bench;
  BindMessage learnt = bench.message(BindOperation::kBind, 1, kDestination);
  learnt.learnt = true;
  learnt.receiver = 4;
  bench.rtp(1);
  bench.rtp(2);
  ASSERT_TRUE(bench.rings_->push_bind(learnt));
  bench.step();
  auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U) << "adopted";
  EXPECT_EQ(reports[0].call.index, 1U);
  EXPECT_EQ(reports[0].receiver, 4);
  bench.wait_ms(10);
  bench.tell(BindOperation::kBind, 2, kSource);
  EXPECT_EQ(calls_of(bench.reports(), StreamReportKind::kActivity), std::vector<std::uint32_t>{});
  bench.rtp(1, 9);
  EXPECT_EQ(calls_of(bench.reports(), StreamReportKind::kActivity), std::vector<std::uint32_t>{2})
      << "SDP names its source";
  bench.tell(BindOperation::kUnbind, 2, kSource);
  bench.tell(BindOperation::kBind, 3, kDestination);
  bench.wait_ms(10);
  bench.rtp(1, 10);
  EXPECT_EQ(calls_of(bench.reports(), StreamReportKind::kActivity).back(), 3U)
      << "SDP names its destination";
}

TEST(MediaBinding, WhatWasLearntMakesNoRoomForItself) {
  Bench bench;
  for (std::uint32_t call = 1; call <= kClaimsPerAddress; ++call) {
    bench.tell(BindOperation::kBind, call, kDestination);
  }
  BindMessage learnt = bench.message(BindOperation::kBind, 9, kDestination);
  learnt.learnt = true;
  ASSERT_TRUE(bench.rings_->push_bind(learnt));
  bench.step();
  EXPECT_EQ(bench.count(DropReason::kClaimEvicted), 0U);
}

}  // namespace
}  // namespace tapdeck::engine
