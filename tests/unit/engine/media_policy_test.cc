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

// Ten packets in 20 ms steps wait for their SDP; `orders` came meanwhile, by packet time.
std::string adopted_after(const std::vector<std::pair<BindOperation, std::int64_t>>& orders_by_ms) {
  Bench bench;
  for (std::uint16_t i = 1; i <= 10; ++i) {
    bench.wait_ms(20);
    bench.rtp(i);
  }
  for (const auto& [operation, at_ms] : orders_by_ms) {
    BindMessage order = bench.message(operation, 1, nullptr);
    order.time_ns = kStartNs + at_ms * kNsPerMs;
    TD_ASSERT(bench.rings_->push_bind(order));
    bench.step();
  }
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  std::string kept;
  for (const Chunk* chunk : bench.chunks()) {
    for (const Record& record : records_of(*chunk)) {
      if (record.kind == RecordKind::kRtp) {
        kept += std::to_string(chunk->section.base_us / 1000 + record.delta_us / 1000 -
                               kStartNs / kNsPerMs) +
                " ";
      } else {
        kept.append(load_le<std::uint32_t>(record.bytes.data()), 'p');
      }
    }
  }
  return kept;
}

TEST(MediaPolicy, WhatWaitedForItsSdpHasNothingOfAPause) {
  using enum BindOperation;
  EXPECT_EQ(adopted_after({{kPause, 50}, {kResume, 90}}), "20 40 100 120 140 160 180 200 pp");
  EXPECT_EQ(adopted_after({{kPause, 50}}), "20 40 pppppppp") << "it lasts";
  EXPECT_EQ(adopted_after({{kPause, 30}, {kResume, 50}, {kPause, 90}, {kResume, 110}}),
            "20 60 80 120 140 160 180 200 pp");
  EXPECT_EQ(adopted_after({{kPause, 10},
                           {kResume, 30},
                           {kPause, 50},
                           {kResume, 70},
                           {kPause, 150},
                           {kResume, 170}}),
            "80 100 120 140 180 200 pppp")
      << "of more than two the oldest are one";
}

TEST(MediaPolicy, WhatWaitedForItsSdpHasNothingFromBeforeItWasHeard) {
  using enum BindOperation;
  EXPECT_EQ(adopted_after({{kMute, 10}, {kUnmute, 150}}), "160 180 200 ") << "and no gap";
  EXPECT_EQ(adopted_after({{kMute, 10}, {kUnmute, 300}}), "");
  EXPECT_EQ(adopted_after({{kUnmute, 150}}), "160 180 200 ") << "of a call that was not muted";
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
