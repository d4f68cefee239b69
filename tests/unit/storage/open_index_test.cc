#include "storage/open_index.h"

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

constexpr std::uint64_t kExtent = 16'384;

Uid uid_of(std::uint8_t number) { return make_uid(1'790'000'000'000, {number}); }

SegmentId segment_of(std::uint8_t number) { return {number}; }

// The extent `place` of a segment; streams count their sections from 0.
ExtentEntry entry_at(std::uint64_t place, std::uint16_t stream, std::uint32_t sequence) {
  ExtentEntry entry;
  entry.offset = place * kExtent;
  entry.stored_bytes = kExtent;
  entry.stream = stream;
  entry.sequence = sequence;
  entry.first_us = 1'000 * (sequence + 1);
  entry.duration_us = 500;
  return entry;
}

class OpenIndexTest : public ::testing::Test {
 protected:
  OpenIndexTest() {
    index_.add_segment(segment_, {"a.seg", SegmentKind::kMedia, kExtent, false});
    opened_ = index_.open(recording_);
    index_.add_stream(opened_, {.stream = 1, .durability = {}});
  }

  void add(std::uint64_t place, std::uint32_t sequence) {
    const ExtentEntry entry = entry_at(place, 1, sequence);
    index_.add_extents(opened_, segment_, {&entry, 1});
  }

  std::int64_t durable_until() {
    const auto found = index_.find_recording(recording_);
    return found && found->streams.size() == 1 ? found->streams[0].durability.durable_until_us : -1;
  }

  const Uid recording_ = uid_of(1);
  const SegmentId segment_ = segment_of(1);
  OpenIndex index_;
  OpenIndex::Recording* opened_ = nullptr;
};

TEST_F(OpenIndexTest, ShowsDurableExtentsOnly) {
  add(1, 0);
  add(2, 1);
  EXPECT_TRUE(index_.find_recording(recording_)->extents.empty());
  EXPECT_EQ(durable_until(), 0);
  index_.set_durable(segment_, 2 * kExtent);
  ASSERT_EQ(index_.find_recording(recording_)->extents.size(), 1U);
  EXPECT_EQ(index_.find_recording(recording_)->extents[0].entries.size(), 1U);
  EXPECT_EQ(durable_until(), 1'500);
  EXPECT_FALSE(index_.find_recording(uid_of(2)));
}

TEST_F(OpenIndexTest, AHeldSectionHoldsBackItsStream) {
  index_.hold(opened_, 1, 0);
  add(1, 1);
  index_.set_durable(segment_, 2 * kExtent);
  EXPECT_EQ(durable_until(), 0) << "the section before it is still in memory";
  add(2, 0);
  index_.set_durable(segment_, 3 * kExtent);
  EXPECT_EQ(durable_until(), 2'500);
}

TEST_F(OpenIndexTest, LostHeldSectionsHoldBackNothing) {
  index_.hold(opened_, 1, 0);
  add(1, 1);
  index_.set_durable(segment_, 2 * kExtent);
  ExtentEntry held;
  held.stream = 1;
  index_.drop_held(opened_, {&held, 1});
  EXPECT_EQ(durable_until(), 2'500);
}

TEST_F(OpenIndexTest, ARowIsReadyOnceWhenEndedAndDurable) {
  add(1, 0);
  index_.end_recording(recording_);
  EXPECT_TRUE(index_.take_ready().empty()) << "not durable yet";
  index_.set_durable(segment_, 2 * kExtent);
  const auto rows = index_.take_ready();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].recording, recording_);
  EXPECT_EQ(rows[0].entries.size(), 1U);
  index_.set_durable(segment_, 3 * kExtent);
  EXPECT_TRUE(index_.take_ready().empty());
  EXPECT_EQ(index_.find_recording(recording_)->extents.size(), 1U)
      << "readers see it here until its row is committed";
  index_.retire(rows);
  EXPECT_EQ(index_.recording_count(), 0U);
}

// Only rows that are to be joined with others are looked for in the call store.
TEST_F(OpenIndexTest, WhatIsAddedAfterTheRowSaysSo) {
  add(1, 0);
  index_.set_durable(segment_, 2 * kExtent);
  index_.end_recording(recording_);
  auto rows = index_.take_ready();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_FALSE(rows[0].again);
  opened_ = index_.open(recording_);
  index_.retire(rows);
  EXPECT_EQ(index_.recording_count(), 1U) << "it was opened again meanwhile";
  add(2, 1);
  index_.set_durable(segment_, 3 * kExtent);
  index_.end_recording(recording_);
  rows = index_.take_ready();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].again);
  EXPECT_EQ(rows[0].entries.size(), 1U);
  index_.retire(rows);
  EXPECT_EQ(index_.recording_count(), 0U);
  opened_ = index_.open(recording_);
  add(3, 2);
  index_.seal(segment_, 4 * kExtent, SegmentFooter::kWritten);
  rows = index_.take_ready();
  ASSERT_EQ(rows.size(), 1U) << "sealed, though it goes on";
  EXPECT_TRUE(rows[0].again);
}

TEST_F(OpenIndexTest, ARefusedCommitComesBack) {
  add(1, 0);
  index_.set_durable(segment_, 2 * kExtent);
  index_.end_recording(recording_);
  index_.give_back(index_.take_ready());
  EXPECT_EQ(index_.take_ready().size(), 1U);
}

TEST_F(OpenIndexTest, ASealedSegmentIsIndexedWhenAllItsRowsAre) {
  add(1, 0);
  index_.seal(segment_, 2 * kExtent, SegmentFooter::kWritten);
  const auto rows = index_.take_ready();
  ASSERT_EQ(rows.size(), 1U) << "the recording goes on, but not in this segment";
  EXPECT_TRUE(index_.take_indexed().empty());
  index_.retire(rows);
  EXPECT_EQ(index_.take_indexed(), std::vector<SegmentId>{segment_});
  EXPECT_TRUE(index_.take_indexed().empty());
  EXPECT_EQ(index_.recording_count(), 1U);
}

TEST_F(OpenIndexTest, WithoutItsFooterASegmentIsNeverIndexed) {
  add(1, 0);
  index_.seal(segment_, 2 * kExtent, SegmentFooter::kMissing);
  index_.retire(index_.take_ready());
  EXPECT_TRUE(index_.take_indexed().empty());
  EXPECT_TRUE(index_.find_segment(segment_)->sealed);
}

TEST_F(OpenIndexTest, WhatTheDiskRefusedIsForgotten) {
  add(1, 0);
  add(2, 1);
  index_.end_recording(recording_);
  index_.drop_behind(segment_, 2 * kExtent);
  index_.seal(segment_, 2 * kExtent, SegmentFooter::kWritten);
  const auto rows = index_.take_ready();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].entries, std::vector<ExtentEntry>{entry_at(1, 1, 0)});
}

TEST_F(OpenIndexTest, ARecordingThatLostEverythingGoes) {
  add(1, 0);
  index_.end_recording(recording_);
  index_.drop_behind(segment_, kExtent);
  EXPECT_EQ(index_.recording_count(), 0U);
  index_.seal(segment_, kExtent, SegmentFooter::kWritten);
  EXPECT_EQ(index_.take_indexed().size(), 1U);
}

TEST_F(OpenIndexTest, RemovedSegmentsAreNotListed) {
  index_.add_segment(segment_of(2), {"b.seg", SegmentKind::kSip, kBlockBytes, false});
  EXPECT_EQ(index_.segments().size(), 2U);
  index_.remove_segment(segment_of(2));
  EXPECT_EQ(index_.segments().size(), 1U);
  EXPECT_FALSE(index_.find_segment(segment_of(2)));
}

TEST_F(OpenIndexTest, NothingOfAnAbandonedPartIsIndexed) {
  const auto kLater = OpenIndex::Abandon::kAlsoLater;
  add(1, 0);
  index_.add_segment(segment_of(2), {"b.seg", SegmentKind::kSip, 0, false});
  ExtentEntry message = entry_at(1, kNoStream, 0);
  message.kind = ExtentType::kMessages;
  index_.add_extents(opened_, segment_of(2), {&message, 1});
  std::uint64_t seen = index_.abandonments();
  index_.abandon(recording_, ShredParts::kMedia, kLater);
  EXPECT_NE(index_.abandonments(), seen);
  EXPECT_EQ(index_.abandoned_since(seen), std::vector<Uid>{recording_});
  EXPECT_TRUE(index_.abandoned_since(seen).empty());
  add(2, 1);
  index_.hold(opened_, 1, 2);
  index_.set_durable(segment_, 3 * kExtent);
  index_.set_durable(segment_of(2), 3 * kExtent);
  auto found = index_.find_recording(recording_);
  ASSERT_EQ(found->extents.size(), 1U) << "its messages are left";
  EXPECT_EQ(found->extents[0].kind, SegmentKind::kSip);
  EXPECT_TRUE(found->streams.empty());
  index_.end_recording(recording_);
  EXPECT_TRUE(index_.is_settled(recording_));
  EXPECT_EQ(index_.take_ready().size(), 1U);
  // No row keeps the media segment from being marked.
  index_.seal(segment_, 3 * kExtent, SegmentFooter::kWritten);
  EXPECT_EQ(index_.take_indexed(), std::vector<SegmentId>{segment_});
}

TEST_F(OpenIndexTest, AnAbandonedRecordingGivesNoRowThoughItWasReady) {
  add(1, 0);
  index_.set_durable(segment_, 3 * kExtent);
  index_.end_recording(recording_);
  index_.abandon(recording_, ShredParts::kAll, OpenIndex::Abandon::kWhatIsThere);
  EXPECT_TRUE(index_.take_ready().empty());
  EXPECT_EQ(index_.recording_count(), 0U);
  EXPECT_EQ(index_.abandonments(), 0U);
  opened_ = index_.open(recording_);
  EXPECT_EQ(opened_->abandoned.load(), ShredParts::kNone) << "that was of what was there";
}

TEST_F(OpenIndexTest, ARecordingMayBeAbandonedBeforeItBegins) {
  const Uid later = uid_of(9);
  index_.abandon(later, ShredParts::kMessages, OpenIndex::Abandon::kAlsoLater);
  EXPECT_EQ(index_.open(later)->abandoned.load(), ShredParts::kMessages);
  index_.end_recording(later);
  index_.readmit(later);
  EXPECT_EQ(index_.open(later)->abandoned.load(), ShredParts::kNone);
  // The oldest of very many are forgotten, unless they are open.
  index_.abandon(recording_, ShredParts::kMedia, OpenIndex::Abandon::kAlsoLater);
  index_.abandon(later, ShredParts::kMedia, OpenIndex::Abandon::kAlsoLater);
  index_.end_recording(later);
  for (std::uint32_t i = 0; i < kAbandonedMax; ++i) {
    index_.abandon(
        make_uid(1'780'000'000'000 + i, {1}), ShredParts::kMedia, OpenIndex::Abandon::kAlsoLater);
  }
  EXPECT_EQ(index_.abandoned_parts(later), ShredParts::kNone);
  EXPECT_EQ(index_.abandoned_parts(recording_), ShredParts::kMedia);
}

}  // namespace
}  // namespace tapdeck::storage
