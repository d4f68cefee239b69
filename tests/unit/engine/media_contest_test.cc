#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/media.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

// Tells the worker of a claim on both ends, as of `ago_ms` before now.
void claim_both(Bench& bench, std::uint32_t call, std::int64_t ago_ms = 0) {
  for (const char* address : {kDestination, kSource}) {
    BindMessage message = bench.message(BindOperation::kBind, call, address);
    message.time_ns -= ago_ms * kNsPerMs;
    TD_ASSERT(bench.rings_->push_bind(message));
    bench.step();
  }
}

void end_call(Bench& bench, std::uint32_t call) {
  bench.tell(BindOperation::kUnbind, call, kDestination);
  bench.tell(BindOperation::kUnbind, call, kSource);
}

// `count` packets, 20 ms apart, the first one now.
void talk(Bench& bench, std::uint16_t sequence, int count) {
  for (int i = 0; i < count; ++i) {
    bench.rtp(static_cast<std::uint16_t>(sequence + i));
    bench.wait_ms(20);
  }
}

// What the last report of each part of streams of `call` says.
std::vector<StreamStatistics> parts_of(Bench& bench, std::uint32_t call) {
  bench.tell(BindOperation::kRelease, call, nullptr);
  std::vector<StreamStatistics> parts;
  for (const StreamReport& report : bench.reports()) {
    if (report.kind != StreamReportKind::kFinal || report.call.index != call) continue;
    if (report.statistics.packet_count > 0) parts.push_back(report.statistics);
  }
  return parts;
}

std::uint64_t packets_of(Bench& bench, std::uint32_t call) {
  std::uint64_t packets = 0;
  for (const StreamStatistics& part : parts_of(bench, call)) packets += part.packet_count;
  return packets;
}

// Packets in chunks that are kept under the call.
std::uint32_t kept_of(const std::vector<Chunk*>& chunks, std::uint32_t call) {
  std::uint32_t packets = 0;
  for (const Chunk* chunk : chunks) {
    if (chunk->recording.bytes[0] == call) packets += chunk->section.packet_count;
  }
  return packets;
}

class MediaContestOfNumbers : public ::testing::TestWithParam<std::uint16_t> {};

TEST_P(MediaContestOfNumbers, TheNextCallHasWhatComesAfterItsClaimAndCountsItAnew) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 50);
  end_call(bench, 1);
  bench.wait_ms(300);
  claim_both(bench, 2);
  bench.wait_ms(100);
  talk(bench, GetParam(), 40);
  const auto later = parts_of(bench, 2);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].packet_count, 40U);
  EXPECT_EQ(later[0].lost_count(), 0);
  EXPECT_EQ(later[0].duplicate_count + later[0].reordered_count, 0U);
  EXPECT_LT(later[0].jitter_max_ms, 1.0);
  EXPECT_EQ(later[0].first_ns, kStartNs + 1'400 * kNsPerMs);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  EXPECT_EQ(kept_of(chunks, 1), 50U);
  EXPECT_EQ(kept_of(chunks, 2), 40U);
}

INSTANTIATE_TEST_SUITE_P(SameAndOnAndOther,
                         MediaContestOfNumbers,
                         ::testing::Values(1, 51, 30'000));

TEST(MediaContest, LateRtpBeforeAClaimIsTheEndedCallsHoweverLongItPaused) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  end_call(bench, 1);
  bench.wait_ms(1'200);
  talk(bench, 11, 5);
  EXPECT_EQ(packets_of(bench, 1), 15U);
}

TEST(MediaContest, WhatRunsOnIsTheEndedCallsForASecondThenTheNextOnes) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  end_call(bench, 1);
  talk(bench, 11, 5);
  claim_both(bench, 2);
  talk(bench, 16, 40);
  EXPECT_EQ(bench.worker_->counters().streams_created.value(), 1U);
  talk(bench, 56, 20);
  EXPECT_EQ(packets_of(bench, 2), 15U);
}

TEST(MediaContest, ABurstThatIsLostOrOutOfOrderIsNoBeginning) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  end_call(bench, 1);
  claim_both(bench, 2);
  talk(bench, 13, 1);
  talk(bench, 12, 1);
  talk(bench, 14, 1);
  EXPECT_EQ(packets_of(bench, 2), 0U);
  EXPECT_EQ(packets_of(bench, 1), 13U);
}

TEST(MediaContest, ABeginningWithoutAPauseIsKnownByItsNumbers) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 50);
  end_call(bench, 1);
  claim_both(bench, 2);
  talk(bench, 1, 10);
  EXPECT_EQ(packets_of(bench, 2), 10U);
  EXPECT_EQ(packets_of(bench, 1), 0U) << "its part is over: told before its release";
}

TEST(MediaContest, AClaimThatComesLateTakesWhatBrokeOffSinceThen) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 50);
  end_call(bench, 1);
  bench.wait_ms(300);
  talk(bench, 51, 2);
  claim_both(bench, 2, 45);
  talk(bench, 53, 30);
  EXPECT_EQ(packets_of(bench, 2), 30U) << "two packets came before the message";
}

TEST(MediaContest, AStreamThatBeganAfterAClaimThatComesLateIsItsWhole) {
  Bench bench;
  claim_both(bench, 1);
  bench.wait_ms(100);
  talk(bench, 1, 2);
  claim_both(bench, 2, 45);
  talk(bench, 3, 8);
  EXPECT_EQ(packets_of(bench, 2), 10U);
  EXPECT_EQ(packets_of(bench, 1), 0U);
  const auto chunks = bench.chunks();
  EXPECT_EQ(kept_of(chunks, 1), 0U);
  EXPECT_EQ(kept_of(chunks, 2), 10U);
}

TEST(MediaContest, WhatRunsIsTheCallsThatHasNotEndedAndWhatBeginsTheLaterOnes) {
  Bench bench;
  for (std::uint32_t call = 1; call <= 3; ++call) {
    claim_both(bench, call);
    for (std::uint16_t i = 1; i <= 20; ++i) {
      for (std::uint32_t ssrc = 1; ssrc <= call; ++ssrc) {
        bench.rtp(static_cast<std::uint16_t>((call - ssrc) * 20 + i), ssrc);
      }
      bench.wait_ms(20);
    }
  }
  EXPECT_EQ(bench.worker_->counters().streams_created.value(), 3U);
  for (std::uint32_t call = 1; call <= 3; ++call) {
    EXPECT_EQ(packets_of(bench, call), (4 - call) * 20U);
  }
}

TEST(MediaContest, WithoutItsByeACallsStreamThatStoppedIsTheNextCalls) {
  for (const std::uint16_t sequence : std::vector<std::uint16_t>{1, 51, 30'000}) {
    Bench bench;
    claim_both(bench, 1);
    talk(bench, 1, 50);
    claim_both(bench, 2);
    bench.wait_ms(1'000);
    talk(bench, sequence, 10);
    EXPECT_EQ(packets_of(bench, 2), 10U) << sequence;
  }
}

TEST(MediaContest, OfTwoLegsTheOuterOneTakesWhatRuns) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.wait_ms(10);
  bench.tell(BindOperation::kBind, 2, kDestination);
  bench.tell(BindOperation::kBind, 2, kSource);
  bench.wait_ms(10);
  talk(bench, 1, 5);
  bench.tell(BindOperation::kBind, 1, kSource);
  talk(bench, 6, 5);
  EXPECT_EQ(packets_of(bench, 1), 5U);
}

TEST(MediaContest, AReofferOfARunningCallLeavesItsStreamsWithIt) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  claim_both(bench, 2);
  talk(bench, 11, 1);
  bench.wait_ms(1'500);
  bench.receiver_ = 7;
  claim_both(bench, 1);
  talk(bench, 12, 5);
  EXPECT_EQ(packets_of(bench, 2), 0U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  EXPECT_EQ(kept_of(chunks, 1), 16U);
  EXPECT_EQ(chunks.back()->section.receiver, 7);
}

TEST(MediaContest, AReofferOfALaterCallClaimsNothingAnew) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  claim_both(bench, 2);
  talk(bench, 11, 1);
  bench.wait_ms(1'500);
  claim_both(bench, 2);
  talk(bench, 12, 5);
  EXPECT_EQ(packets_of(bench, 2), 0U);
}

TEST(MediaContest, WhatRunsThroughTheEndOfItsCallGoesOverToTheCallThatSharedItSoon) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  claim_both(bench, 2);
  talk(bench, 11, 10);
  end_call(bench, 1);
  talk(bench, 21, 30);
  EXPECT_EQ(packets_of(bench, 2), 20U);
}

TEST(MediaContest, TheNextCallsEndLeavesALateStreamWhereItWas) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  end_call(bench, 1);
  claim_both(bench, 2);
  end_call(bench, 2);
  bench.wait_ms(500);
  talk(bench, 11, 5);
  EXPECT_EQ(packets_of(bench, 2), 0U);
  EXPECT_EQ(packets_of(bench, 1), 15U);
}

TEST(MediaContest, AStreamThatIsSetAsideGoesWithItsCall) {
  Bench bench;
  claim_both(bench, 1);
  talk(bench, 1, 10);
  end_call(bench, 1);
  claim_both(bench, 2);
  EXPECT_EQ(packets_of(bench, 1), 10U);
  talk(bench, 11, 5);
  EXPECT_EQ(packets_of(bench, 2), 5U);
  EXPECT_EQ(bench.worker_->counters().streams.value(), 0U);
}

}  // namespace
}  // namespace tapdeck::engine
