#include "apps/kept_media.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::apps {
namespace {

using exports::FakeStore;
using exports::FakeStream;
using exports::kT0;

const Uid kUid = make_uid(kT0 / 1'000, {1});

// A store whose disk has a torn extent behind everything else.
class TornStore final : public FakeStore {
 public:
  Result<void> read_media(const Uid& uid, const storage::SectionSink& sink) override {
    TD_TRY(FakeStore::read_media(uid, sink));
    return make_error(ErrorCode::kCorrupt, "torn");
  }
};

// `count` packets of 20 ms, 160 bytes of A-law each, from `first` on.
FakeStream& talk(FakeStream& stream, std::uint16_t first, std::uint16_t count) {
  for (std::uint16_t i = first; i < first + count; ++i) {
    stream.rtp(std::int64_t{i} * 20'000, i, i * 160U, std::string(160, 'a'));
  }
  return stream;
}

TEST(KeptMedia, NothingKeptIsNothing) {
  FakeStore store;
  EXPECT_TRUE(count_kept_media(store, kUid).empty());
}

TEST(KeptMedia, CountsEachStreamAsItsWorkerDid) {
  FakeStore store;
  store.streams.emplace_back(0, 1, 7);
  talk(store.streams[0], 1, 50);  // several sections
  store.streams.emplace_back(1, 0, 8);
  talk(store.streams[1], 10, 3);
  store.streams[1].header().media_index = 2;
  const auto reports = count_kept_media(store, kUid);
  ASSERT_EQ(reports.size(), 2U);
  const StreamReport& first = reports[0];
  EXPECT_EQ(first.kind, StreamReportKind::kFinal);
  EXPECT_EQ(first.media_kind, MediaKind::kAudio);
  EXPECT_EQ(first.recording, kUid);
  EXPECT_EQ(first.sender, 0);
  EXPECT_EQ(first.receiver, 1);
  EXPECT_EQ(first.ssrc, 7U);
  EXPECT_EQ(to_string(first.source), "10.0.0.0:4000");
  EXPECT_EQ(to_string(first.destination), "10.0.0.1:4001");
  EXPECT_EQ(first.statistics.packet_count, 50U);
  EXPECT_EQ(first.statistics.expected_count, 50U);
  EXPECT_EQ(first.statistics.first_ns, (kT0 + 20'000) * kNsPerUs);
  EXPECT_EQ(first.statistics.last_ns, (kT0 + 50 * 20'000) * kNsPerUs);
  EXPECT_NEAR(first.statistics.jitter_ms, 0.0, 1e-9)
      << "PCMA's clock is known, and this is an even pace";
  EXPECT_EQ(reports[1].ssrc, 8U);
  EXPECT_EQ(reports[1].media_index, 2);
  EXPECT_EQ(reports[1].statistics.packet_count, 3U);
}

// Sections of one stream come together even when another's lie between them.
TEST(KeptMedia, AStreamIsItsAddressesAndItsSsrc) {
  FakeStore store;
  for (const std::uint32_t ssrc : {7U, 8U, 7U}) store.streams.emplace_back(0, 1, ssrc);
  talk(store.streams[0], 1, 2);
  talk(store.streams[1], 1, 1);
  talk(store.streams[2], 3, 2);
  store.streams.emplace_back(0, 1, 7);
  talk(store.streams[3], 1, 1).header().source_port = 9'999;
  const auto reports = count_kept_media(store, kUid);
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].statistics.packet_count, 4U);
  EXPECT_EQ(reports[0].statistics.expected_count, 4U);
  EXPECT_EQ(reports[1].statistics.packet_count, 1U);
  EXPECT_EQ(reports[2].source.port, 9'999);
}

TEST(KeptMedia, GapsOfOursAreLossByUsAndPausesAreNot) {
  FakeStore store;
  store.streams.emplace_back(0, 1);
  FakeStream& stream = talk(store.streams[0], 1, 2);
  stream.gap(50'000, 5, GapReason::kNoChunk).gap(60'000, 7, GapReason::kPaused);
  stream.record(RecordKind::kGap, 70'000, "abc");  // too short to be one
  talk(stream, 15, 1);
  const auto reports = count_kept_media(store, kUid);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].statistics.lost_by_us_count, 5U);
  EXPECT_EQ(reports[0].statistics.packet_count, 10U) << "what came while it was paused came";
  const LossSpan& paused = reports[1].losses[static_cast<std::size_t>(LossCause::kPaused)];
  EXPECT_EQ(paused.packet_count, 7U);
  EXPECT_GT(paused.to_ns, paused.from_ns);
  EXPECT_EQ(reports[1].statistics.packet_count, 0U);
  EXPECT_EQ(reports[0].statistics.expected_count, 15U);
}

TEST(KeptMedia, JitterNeedsAClockAndPacketsMustBeRtp) {
  FakeStore store;
  store.streams.emplace_back(0, 1);
  for (std::uint16_t i = 1; i <= 3; ++i) {
    store.streams[0].rtp(i * 20'000, i, i * 960U, "x", 96);
  }
  store.streams[0].record(RecordKind::kRtp, 80'000, "no RTP");
  const auto reports = count_kept_media(store, kUid);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_LT(reports[0].statistics.jitter_ms, 0) << "a dynamic type says nothing of its clock";
  EXPECT_EQ(reports[0].statistics.packet_count, 3U);
}

TEST(KeptMedia, WhatCouldBeReadBeforeAFaultCounts) {
  TornStore store;
  store.streams.emplace_back(0, 1);
  talk(store.streams[0], 1, 4);
  const auto reports = count_kept_media(store, kUid);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].statistics.packet_count, 4U);
}

}  // namespace
}  // namespace tapdeck::apps
