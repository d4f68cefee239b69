// Media that policy does not want: counted, not kept, and no gap.
#include <gtest/gtest.h>

#include "engine/media.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

bool has_gaps(const std::vector<Chunk*>& chunks) {
  for (const Chunk* chunk : chunks) {
    for (const Record& record : records_of(*chunk)) {
      if (record.kind == RecordKind::kGap) return true;
    }
  }
  return false;
}

void send(Bench& bench, std::uint16_t first, std::uint16_t last) {
  for (std::uint16_t i = first; i <= last; ++i) bench.rtp(i);
}

StreamReport final_of(Bench& bench) {
  for (const StreamReport& report : bench.reports()) {
    if (report.kind == StreamReportKind::kFinal) return report;
  }
  ADD_FAILURE() << "no final report";
  return {};
}

TEST(MediaPolicy, OfAMutedCallNothingIsKept) {
  Bench bench;
  send(bench, 0, 2);  // in quarantine, before its SDP
  bench.tell(BindOperation::kMute, 1, nullptr);
  bench.tell(BindOperation::kBind, 1, kDestination);
  send(bench, 3, 9);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty()) << "a gap alone is no recording either";
  EXPECT_EQ(bench.count(PacketClass::kRtpUnrecorded), 7U);
  const StreamReport report = final_of(bench);
  EXPECT_EQ(report.statistics.packet_count, 10U);
  EXPECT_EQ(report.statistics.lost_by_us_count, 0U) << "it was not wanted";
  EXPECT_EQ(report.losses[static_cast<std::size_t>(LossCause::kPaused)].packet_count, 0U);
}

TEST(MediaPolicy, WhatHasNotLeftTheWorkerIsWiped) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  send(bench, 0, 4);
  bench.tell(BindOperation::kMute, 1, nullptr);
  send(bench, 5, 6);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty());
  EXPECT_EQ(bench.worker_->counters().chunks_free.value() + bench.rings_->home_count(), 64U);
}

TEST(MediaPolicy, WhatComesAfterwardsIsKept) {
  Bench bench;
  bench.tell(BindOperation::kMute, 1, nullptr);
  bench.tell(BindOperation::kBind, 1, kDestination);
  send(bench, 0, 4);
  bench.tell(BindOperation::kUnmute, 1, nullptr);
  send(bench, 5, 9);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  EXPECT_EQ(packets_in(chunks), 5U);
  EXPECT_FALSE(has_gaps(chunks));
}

TEST(MediaPolicy, AnUnwantedMediumIsCountedOnly) {
  Bench bench;
  BindMessage video = bench.message(BindOperation::kBind, 1, kDestination);
  video.kind = MediaKind::kVideo;
  video.keep = false;
  ASSERT_TRUE(bench.rings_->push_bind(video));
  send(bench, 0, 4);
  EXPECT_EQ(bench.count(PacketClass::kRtpUnrecorded), 5U);
  video.keep = true;  // it is wanted after all
  ASSERT_TRUE(bench.rings_->push_bind(video));
  send(bench, 5, 9);
  video.keep = false;  // and no more
  ASSERT_TRUE(bench.rings_->push_bind(video));
  send(bench, 10, 12);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty()) << "it had not left the worker";
  EXPECT_EQ(bench.count(PacketClass::kRtpUnrecorded), 8U);
  EXPECT_EQ(final_of(bench).statistics.packet_count, 13U);
}

TEST(MediaPolicy, APauseWithinAMutedCallLeavesNoGap) {
  Bench bench;
  bench.tell(BindOperation::kMute, 1, nullptr);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kPause, 1, nullptr);
  send(bench, 0, 4);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_TRUE(bench.chunks().empty());
  EXPECT_EQ(bench.count(PacketClass::kRtpPaused), 0U);
}

}  // namespace
}  // namespace tapdeck::engine
