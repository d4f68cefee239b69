// A stretch of a recording goes for good, the rest can be read and checked.
#include "storage/span_shredder.h"

#include "base/clock.h"
#include "model/ledger_codec.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr std::int64_t kFirstUs = kTestStartMs * 1000;
constexpr std::int64_t kChunkUs = 1'600'000;

class SpanShredderTest : public ShredderTest {
 protected:
  // A stream of five chunks, the third of which is video, and one of another recording.
  void record() {
    open();
    for (std::uint32_t i = 0; i < 5; ++i) {
      const auto chunk = make_chunk({.sequence = i});
      if (i == 2) chunk->section.kind = MediaKind::kVideo;
      append(store_->writer(), *chunk);
    }
    append(store_->writer(), *make_chunk({.recording = 2}));
    ASSERT_TRUE(store_->writer().flush());
  }

  std::vector<std::int64_t> kept(std::uint8_t recording = 1) {
    std::vector<std::int64_t> chunks;
    const auto read = store_->reader()->read_media(
        test_uid(recording), [&chunks](const SectionHeader& header, ByteView /*records*/) {
          chunks.push_back((header.base_us - kFirstUs) / kChunkUs);
          return true;
        });
    EXPECT_TRUE(read);
    return chunks;
  }
};

TEST_F(SpanShredderTest, GoesByWholeExtentsAndLeavesTheRest) {
  record();
  const MediaSpan span{.from_us = kFirstUs + kChunkUs + 5, .to_us = kFirstUs + 3 * kChunkUs};
  ASSERT_TRUE(store_->shred_media(test_uid(1), span, CutCause::kPolicy));
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 3, 4}));
  EXPECT_EQ(kept(2), (std::vector<std::int64_t>{0}));
  ASSERT_TRUE(store_->shred_media(test_uid(1), span, CutCause::kPolicy)) << "twice is once";
  append(store_->writer(), *make_chunk({.sequence = 5}));
  store_->writer().end_recording(test_uid(1));
  ASSERT_TRUE(store_->writer().flush());
  const CallRecord call = call_of(1, true);
  ASSERT_TRUE(store_->put_calls({&call, 1}));
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 3, 4, 5})) << "with its rows in the call store";
  ASSERT_TRUE(
      store_->shred_media(test_uid(1), {.from_us = kFirstUs + 5 * kChunkUs}, CutCause::kPolicy));
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 3, 4}));
  open();
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 3, 4})) << "opened again";
  const auto faults = store_->reader()->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty()) << faults->front().where << " " << faults->front().what;
}

TEST_F(SpanShredderTest, VideoAloneMayGo) {
  record();
  ASSERT_TRUE(store_->shred_media(test_uid(1), {.video_only = true}, CutCause::kPolicy));
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 1, 3, 4}));
}

// Chunks that are not full share an extent, which would take the audio along.
TEST_F(SpanShredderTest, VideoGoesWithoutTheAudioThatWaitedBesideIt) {
  open();
  for (std::uint32_t i = 0; i < 6; ++i) {
    const auto chunk = make_chunk({.sequence = i, .packets = 3});
    if (i % 2 == 1) chunk->section.kind = MediaKind::kVideo;
    append(store_->writer(), *chunk);
  }
  store_->writer().end_recording(test_uid(1));
  ASSERT_TRUE(store_->writer().flush());
  ASSERT_TRUE(store_->shred_media(test_uid(1), {.video_only = true}, CutCause::kPolicy));
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 2, 4}));
}

TEST_F(SpanShredderTest, OfWhatIsNotThereNothingIsSaid) {
  record();
  EXPECT_TRUE(store_->shred_media(test_uid(9), {}, CutCause::kPolicy));
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  EXPECT_TRUE(store_->shred_media(test_uid(1), {}, CutCause::kPolicy));
}

// What the journal says was redacted of a recording, in order.
std::vector<Redaction> journalled(Store& store) {
  std::vector<Redaction> redactions;
  const auto replayed = store.journal().replay(0, [&](const LedgerRecord& record) -> Result<bool> {
    LedgerContent content;
    EXPECT_EQ(decode_ledger_content(
                  record.header.type, record.header.uid, as_text(record.content), content),
              LedgerVerdict::kGood);
    const auto* redaction = std::get_if<Redaction>(&content);
    if (redaction != nullptr) redactions.push_back(*redaction);
    return true;
  });
  EXPECT_TRUE(replayed);
  return redactions;
}

TEST_F(SpanShredderTest, IsWrittenDownAsFarAsThereIsMedia) {
  record();
  ASSERT_TRUE(store_->shred_media(test_uid(9), {}, CutCause::kPolicy)) << "nothing is there";
  EXPECT_TRUE(journalled(*store_).empty());
  const std::int64_t from_us = kFirstUs + 3 * kChunkUs;
  ASSERT_TRUE(store_->shred_media(test_uid(1), {.from_us = from_us}, CutCause::kPause));
  const std::vector<Redaction> redactions = journalled(*store_);
  ASSERT_EQ(redactions.size(), 1U);
  EXPECT_EQ(redactions[0].reason, "pause");
  EXPECT_EQ(redactions[0].actor.name, "pause");
  EXPECT_EQ(redactions[0].span.from_us, from_us);
  EXPECT_GT(redactions[0].span.to_us, kFirstUs + 4 * kChunkUs);
  EXPECT_LE(redactions[0].span.to_us, kFirstUs + 5 * kChunkUs);
  append(store_->writer(), *make_chunk({.sequence = 5}));
  ASSERT_TRUE(store_->writer().flush());
  ASSERT_TRUE(store_->redact(test_uid(1), redactions[0].span, wall_now_ns() / kNsPerUs));
  EXPECT_EQ(kept(), (std::vector<std::int64_t>{0, 1, 2, 5})) << "what came later is not meant";
  EXPECT_EQ(journalled(*store_).size(), 1U) << "done again is not said again";
}

// What was on its way to the disk had the stretch cut out, and is written around it.
TEST_F(SpanShredderTest, AnExtentAroundTheStretchWithoutAnyOfItStays) {
  open();
  const auto chunk = make_chunk({});
  const std::int64_t from_us = kFirstUs + 500'000;
  const MediaSpan span{.from_us = from_us, .to_us = from_us + 400'000};
  const CutPackets cut = cut_packets(*chunk, span.from_us, span.to_us);
  ASSERT_GT(cut.packets, 0U);
  append(store_->writer(), *chunk);
  ASSERT_TRUE(store_->writer().flush());
  ASSERT_TRUE(store_->shred_media(test_uid(1), span, CutCause::kPolicy));
  ASSERT_TRUE(store_->redact(test_uid(1), span, wall_now_ns() / kNsPerUs));
  EXPECT_EQ(kept().size(), 1U);
  EXPECT_TRUE(journalled(*store_).empty());
}

TEST_F(SpanShredderTest, WhatWasImportedAnewIsNotMeant) {
  record();
  const std::int64_t before_us = wall_now_ns() / kNsPerUs - 60 * kUsPerSecond;
  ASSERT_TRUE(store_->redact(test_uid(1), {}, before_us));
  EXPECT_EQ(kept().size(), 5U);
  ASSERT_TRUE(store_->shred_media(test_uid(1), {.from_us = 9, .to_us = 3}, CutCause::kPolicy))
      << "no time at all";
  EXPECT_EQ(kept().size(), 5U);
}

}  // namespace
}  // namespace tapdeck::storage
