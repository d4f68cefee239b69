#include "pipelines/export/media_index.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::exports {
namespace {

std::vector<PacketEntry> packets_with(const std::vector<std::uint16_t>& sequences) {
  std::vector<PacketEntry> packets;
  for (const std::uint16_t sequence : sequences) {
    PacketEntry packet;
    packet.is_rtp = true;
    packet.sequence = sequence;
    packets.push_back(packet);
  }
  return packets;
}

// The sequence numbers in the order found; '|' before each run.
std::string ordered_text(const std::vector<std::uint16_t>& sequences) {
  const std::vector<PacketEntry> packets = packets_with(sequences);
  const std::vector<OrderedPacket> ordered = order_packets(packets);
  std::string text;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    text += (begins_run(ordered, i) ? "|" : " ") + std::to_string(sequences[ordered[i].index]);
  }
  return text;
}

TEST(OrderPackets, SequencesSortAndWrap) {
  EXPECT_EQ(ordered_text({3, 1, 2}), "|1 2 3");
  EXPECT_EQ(ordered_text({65'534, 0, 65'535, 1}), "|65534 65535 0 1");
  EXPECT_EQ(ordered_text({5, 5, 6, 5}), "|5 6");
  EXPECT_EQ(ordered_text({}), "");
}

TEST(OrderPackets, RestartsFollowAndStraysAreDropped) {
  EXPECT_EQ(ordered_text({10, 11, 40'000, 40'001}), "|10 11|40000 40001");
  EXPECT_EQ(ordered_text({10, 11, 40'000, 12}), "|10 11 12");
  EXPECT_EQ(ordered_text({40'000, 10, 11}), "|40000|10 11");
}

TEST(IndexMedia, SectionsOfOneStreamNeedNotFollowEachOther) {
  FakeStore store;
  store.streams = {FakeStream(0, 1), FakeStream(1, 0), FakeStream(0, 1)};
  store.streams[0].header().sender = 0xff;
  store.streams[0].rtp(0, 0, 0, "a");
  store.streams[1].rtp(0, 0, 0, "b");
  store.streams[2].rtp(5, 1, 0, "c").gap(6, 4, GapReason::kPaused);
  const auto index = index_media(store, {});
  ASSERT_TRUE(index);
  ASSERT_EQ(index->streams.size(), 2u);
  EXPECT_EQ(index->streams[0].packets.size(), 2u);
  EXPECT_EQ(index->streams[0].sender, 0) << "a later section knew";
  ASSERT_EQ(index->streams[0].gap_marks.size(), 1u);
  EXPECT_EQ(index->streams[0].gap_marks[0].packets, 4u);
  EXPECT_EQ(index->packet_count, 3u);
}

TEST(ForEachPacket, SeesTheSamePacketsAndNotWhatCameSince) {
  FakeStore store;
  store.streams = {FakeStream(0, 1)};
  store.streams[0].rtp(0, 7, 0, "a");
  const auto index = index_media(store, {});
  ASSERT_TRUE(index);
  store.streams[0].rtp(1, 8, 0, "b");
  store.streams.emplace_back(1, 0).rtp(2, 9, 0, "c");
  std::vector<std::uint16_t> seen;
  ASSERT_TRUE(for_each_packet(
      store, {}, *index, [&](const MediaStream&, const PacketEntry& entry, ByteView packet) {
        EXPECT_EQ(packet.size(), entry.bytes);
        seen.push_back(entry.sequence);
      }));
  EXPECT_EQ(seen, (std::vector<std::uint16_t>{7}));
  store.streams = {FakeStream(0, 1)};
  const auto vanished =
      for_each_packet(store, {}, *index, [](const MediaStream&, const PacketEntry&, ByteView) {});
  ASSERT_FALSE(vanished) << "packets that are gone leave a hole nobody would hear of";
  EXPECT_EQ(vanished.error().code, ErrorCode::kBusy);
}

TEST(ForEachRecord, CutBytesAreRefused) {
  SectionHeader header;
  std::array<std::uint8_t, 8> bytes = {2, 0, 0, 0, 0, 0, 'a', 'b'};
  int records = 0;
  const auto count = [&](RecordKind, std::int64_t, ByteView) { ++records; };
  EXPECT_TRUE(for_each_record(header, bytes, count));
  EXPECT_EQ(records, 1);
  EXPECT_FALSE(for_each_record(header, ByteView(bytes).first(7), count));
  EXPECT_FALSE(for_each_record(header, ByteView(bytes).first(3), count));
}

TEST(StoreGaps, AreSortedAndBounded) {
  std::vector<RecordingGap> gaps;
  for (std::int64_t i = 0; i < 1'005; ++i) gaps.push_back({2'000 - i, 2'000 - i, "loss", 1});
  ExportedFile file;
  store_gaps(gaps, file);
  EXPECT_EQ(file.gaps.size(), kGapsMax);
  EXPECT_EQ(file.gaps_left_out, 5u);
  EXPECT_EQ(file.gaps[0].from_us, 996);
}

TEST(MissingMediaReason, ErasedComesFirst) {
  CallRecord call;
  EXPECT_EQ(missing_media_reason(call), "no_media");
  call.recording.reasons = {RecordingReason::kPolicy, RecordingReason::kResources};
  EXPECT_EQ(missing_media_reason(call), "policy, resources");
  call.recording.lifecycle = RecordingLifecycle::kExpired;
  EXPECT_EQ(missing_media_reason(call), "expired");
}

}  // namespace
}  // namespace tapdeck::exports
