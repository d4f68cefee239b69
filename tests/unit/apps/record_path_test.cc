#include "apps/record_path.h"

#include <gtest/gtest.h>

#include "storage/message_record.h"
#include "tests/unit/engine/engine_fixture.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::apps {
namespace {

using storage::AppendVerdict;

// What the writer was asked to do, in order; refuses as busy while told to.
class ToldSegments final : public storage::SegmentWriter {
 public:
  AppendVerdict try_append(const Chunk& chunk) override {
    if (busy_ || chunks_busy_) return AppendVerdict::kBusy;
    log_.push_back("chunk " + std::to_string(chunk.sequence));
    packets_.push_back(chunk.section.packet_count);
    return verdict_;
  }

  AppendVerdict try_append_messages(const Uid&, std::uint16_t, std::string_view records) override {
    if (busy_) return AppendVerdict::kBusy;
    log_.push_back("messages " + std::string(records));
    return verdict_;
  }

  storage::RecordingSummary sum_up(const CallRecord&) override {
    log_.emplace_back("sum up");
    storage::RecordingSummary now = summary_;
    summary_.lost.clear();  // told once
    return now;
  }

  AppendVerdict try_append_record(const CallRecord& record) override {
    if (records_busy_) return AppendVerdict::kBusy;
    log_.push_back("record of " + record.recording.sha256);
    return verdict_;
  }

  void end_recording(const Uid&) override { log_.emplace_back("end"); }

  void abandon(const Uid&, storage::ShredParts parts) override {
    log_.push_back("abandon " + std::to_string(static_cast<int>(parts)));
  }

  storage::RecordingSummary take_summary(const Uid&) override { return summary_; }

  bool is_settled(const Uid&) override { return true; }

  std::uint32_t step(std::int64_t) override { return 0; }

  Result<void> flush() override {
    log_.emplace_back("flush");
    return {};
  }

  std::vector<std::string> log_;
  std::vector<std::uint32_t> packets_;  // of the chunks
  storage::RecordingSummary summary_{.sha256 = "digest", .bytes = 4096};
  bool busy_ = false;
  bool chunks_busy_ = false;
  bool records_busy_ = false;
  AppendVerdict verdict_ = AppendVerdict::kTaken;
};

class RecordWriterTest : public ::testing::Test {
 protected:
  RecordWriterTest() {
    engine::test_eal();
    auto rings = engine::WorkerRings::create({.chunk_count = 4,
                                              .chunk_slots = 8,
                                              .bind_slots = 8,
                                              .report_slots = 8,
                                              .signal_slots = 8,
                                              .small_messages = 7,
                                              .large_messages = 3});
    TD_ASSERT(rings.has_value());
    rings_ = std::make_unique<engine::WorkerRings>(std::move(*rings));
    writer_ = std::make_unique<RecordWriter>(
        segments_, std::vector<engine::WorkerRings*>{rings_.get()}, queues_, figures_);
  }

  void send_chunk(std::uint32_t sequence) {
    Chunk* chunk = nullptr;
    ASSERT_EQ(rings_->pop_home({&chunk, 1}), 1U) << "chunks do not come home";
    chunk->sequence = sequence;
    ASSERT_TRUE(rings_->push_chunk(chunk));
  }

  // Two packets, at 10 and 30 ms.
  void send_packets(std::uint32_t sequence) {
    Chunk* chunk = nullptr;
    ASSERT_EQ(rings_->pop_home({&chunk, 1}), 1U);
    chunk->recording = storage::test_uid(3);
    chunk->sequence = sequence;
    chunk->section = {};
    for (const std::uint32_t at_us : {10'000U, 30'000U}) {
      std::memset(chunk->append(RecordKind::kRtp, at_us, 20), 0x5a, 20);
      ++chunk->section.packet_count;
    }
    chunk->last_us = 30'000;
    ASSERT_TRUE(rings_->push_chunk(chunk));
  }

  // From 20 ms on.
  void order_cut(std::int64_t to_us) {
    RecordCommand command = ShredMedia{storage::test_uid(3), {.from_us = 20'000, .to_us = to_us}};
    ASSERT_TRUE(queues_.to_writer.try_push(command));
  }

  void send_record(std::uint32_t version, bool is_final) {
    CallRecord record;
    record.version = version;
    record.final = is_final;
    RecordCommand command = std::move(record);
    ASSERT_TRUE(queues_.to_writer.try_push(command));
  }

  void send_messages(std::string text) {
    RecordCommand command = KeepMessages{{}, 0, std::move(text)};
    ASSERT_TRUE(queues_.to_writer.try_push(command));
  }

  ToldSegments segments_;
  std::unique_ptr<engine::WorkerRings> rings_;
  RecordQueues queues_{4};
  RecordFigures figures_;
  std::unique_ptr<RecordWriter> writer_;
};

TEST_F(RecordWriterTest, ARecordNeverOvertakesItsMediaAndMessages) {
  send_chunk(1);
  send_chunk(2);
  send_messages("a");
  send_record(1, true);
  writer_->step(1);
  EXPECT_EQ(segments_.log_, (std::vector<std::string>{"messages a", "chunk 1", "chunk 2", "end"}));
  const auto record = queues_.to_keeper.try_pop();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->recording.sha256, "digest");
  EXPECT_TRUE(writer_->is_idle());
}

// What stands beside the messages is what the call store gets, and is there before it.
TEST_F(RecordWriterTest, ARecordIsKeptBesideItsMessages) {
  CallRecord record;
  record.call_id = "id";
  record.final = true;
  record.recording.state = RecordingState::kRecorded;
  segments_.summary_.lost = {{2'000'000, 3'000'000, 50}};
  segments_.records_busy_ = true;
  send_messages("a");
  RecordCommand command = std::move(record);
  ASSERT_TRUE(queues_.to_writer.try_push(command));
  writer_->step(1);
  EXPECT_EQ(segments_.log_, (std::vector<std::string>{"messages a", "sum up"}));
  EXPECT_FALSE(queues_.to_keeper.try_pop()) << "not before the disk takes it";
  segments_.records_busy_ = false;
  writer_->step(2);
  EXPECT_EQ(
      segments_.log_,
      (std::vector<std::string>{"messages a", "sum up", "sum up", "record of digest", "end"}));
  const auto passed = queues_.to_keeper.try_pop();
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->recording.gaps.size(), 1U) << "a loss is told once";
  EXPECT_EQ(passed->recording.state, RecordingState::kRecordedWithGaps);
}

TEST_F(RecordWriterTest, ATallyIsKeptBesideNothing) {
  send_record(1, true);
  writer_->step(1);
  EXPECT_EQ(segments_.log_, std::vector<std::string>{"end"});
}

TEST_F(RecordWriterTest, ARecordThatIsRefusedIsCountedAndTheCallGoesOn) {
  for (const AppendVerdict verdict : {AppendVerdict::kFailed, AppendVerdict::kAbandoned}) {
    segments_.verdict_ = verdict;
    CallRecord record;
    record.call_id = "id";
    record.final = true;
    RecordCommand command = std::move(record);
    ASSERT_TRUE(queues_.to_writer.try_push(command));
    writer_->step(1);
    EXPECT_TRUE(queues_.to_keeper.try_pop());
  }
  EXPECT_EQ(figures_.messages_failed.value(), 1U);
  EXPECT_EQ(figures_.messages_abandoned.value(), 1U);
}

TEST_F(RecordWriterTest, MediaThatTheDiskRefusedIsTold) {
  segments_.summary_.lost = {{2'000'000, 3'000'000, 50}};
  const auto judged = [&](RecordingState state, std::vector<RecordingReason> reasons) {
    CallRecord record;
    record.final = true;
    record.recording.state = state;
    record.recording.reasons = std::move(reasons);
    record.recording.gaps = {{4'000'000, 5'000'000, "loss", 3}};
    RecordCommand command = std::move(record);
    EXPECT_TRUE(queues_.to_writer.try_push(command));
    writer_->step(1);
    return queues_.to_keeper.try_pop()->recording;
  };
  const RecordingInfo whole = judged(RecordingState::kRecorded, {});
  EXPECT_EQ(whole.state, RecordingState::kRecordedWithGaps);
  EXPECT_EQ(whole.reasons, std::vector<RecordingReason>{RecordingReason::kLossByUs});
  ASSERT_EQ(whole.gaps.size(), 2U);
  EXPECT_EQ(whole.gaps[0].reason, "loss_by_us");
  EXPECT_EQ(whole.gaps[0].packets, 50U);
  EXPECT_EQ(whole.gaps[0].to_us, 3'000'000);
  EXPECT_EQ(judged(RecordingState::kRecordedWithGaps, {RecordingReason::kLossByUs}).reasons.size(),
            1U);
  EXPECT_EQ(judged(RecordingState::kNotRecorded, {RecordingReason::kNotAnswered}).reasons,
            std::vector<RecordingReason>{RecordingReason::kNotAnswered});
  segments_.summary_.bytes = 0;
  const RecordingInfo nothing = judged(RecordingState::kRecorded, {});
  EXPECT_EQ(nothing.state, RecordingState::kNotRecorded);
  EXPECT_EQ(nothing.reasons, std::vector<RecordingReason>{RecordingReason::kResources});
}

TEST_F(RecordWriterTest, ABusyDiskKeepsTheOrder) {
  segments_.busy_ = true;
  send_chunk(1);
  send_messages("a");
  send_record(1, true);
  for (int i = 0; i < 3; ++i) writer_->step(i);
  EXPECT_TRUE(segments_.log_.empty());
  EXPECT_FALSE(writer_->is_idle());
  send_chunk(2);
  segments_.busy_ = false;
  for (int i = 0; i < 3; ++i) writer_->step(i);
  EXPECT_EQ(segments_.log_, (std::vector<std::string>{"messages a", "chunk 1", "chunk 2", "end"}));
  EXPECT_TRUE(queues_.to_keeper.try_pop());
  EXPECT_TRUE(writer_->is_idle());
}

TEST_F(RecordWriterTest, MessagesOfOtherCallsDoNotWaitForMedia) {
  send_record(1, true);
  send_messages("a");
  send_chunk(1);
  segments_.chunks_busy_ = true;
  for (int i = 0; i < 3; ++i) writer_->step(i);
  EXPECT_EQ(segments_.log_, std::vector<std::string>{"messages a"});
  EXPECT_FALSE(queues_.to_keeper.try_pop()) << "a chunk of the call may be in the ring";
  segments_.chunks_busy_ = false;
  writer_->step(3);
  EXPECT_EQ(segments_.log_, (std::vector<std::string>{"messages a", "chunk 1", "end"}));
  EXPECT_TRUE(queues_.to_keeper.try_pop());
}

TEST_F(RecordWriterTest, ARecordInProgressEndsNothing) {
  send_record(1, false);
  writer_->step(1);
  EXPECT_TRUE(segments_.log_.empty());
  EXPECT_TRUE(queues_.to_keeper.try_pop()->recording.sha256.empty());
}

TEST_F(RecordWriterTest, AFullKeeperLosesNoRecord) {
  std::uint32_t expected = 0;
  for (std::uint32_t version = 0; version < 4; ++version) send_record(version, true);
  writer_->step(1);
  for (std::uint32_t version = 4; version < 8; ++version) send_record(version, true);
  for (int i = 0; i < 20 && expected < 8; ++i) {
    writer_->step(i);
    while (const auto record = queues_.to_keeper.try_pop()) EXPECT_EQ(record->version, expected++);
  }
  EXPECT_EQ(expected, 8U);
}

TEST_F(RecordWriterTest, MediaDoesNotWaitForTheCallStore) {
  std::uint32_t version = 0;
  while (writer_->is_idle()) {  // until the call store's queues are full
    send_record(version++, true);
    writer_->step(1);
    ASSERT_LT(version, 100U);
  }
  segments_.log_.clear();
  for (std::uint32_t i = 0; i < 20; ++i) {  // more than there are chunks
    send_chunk(i);
    writer_->step(2);
  }
  EXPECT_EQ(figures_.chunks_written.value(), 20U);
  std::uint32_t expected = 0;
  for (int i = 0; i < 20; ++i) {
    while (const auto record = queues_.to_keeper.try_pop()) EXPECT_EQ(record->version, expected++);
    writer_->step(3);
  }
  EXPECT_EQ(expected, version);
  EXPECT_EQ(segments_.log_.back(), "end");
}

TEST_F(RecordWriterTest, WhatIsToBeShreddedIsAbandonedBeforeWaitingMedia) {
  send_chunk(1);
  RecordCommand order = ShredRecording{storage::test_uid(3), storage::ShredParts::kAll};
  ASSERT_TRUE(queues_.to_writer.try_push(order));
  writer_->step(1);
  EXPECT_EQ(segments_.log_, (std::vector<std::string>{"abandon 3", "chunk 1"}));
  const auto passed = queues_.shreds.try_pop();
  ASSERT_TRUE(passed);
  EXPECT_EQ(std::get<ShredRecording>(*passed).recording, storage::test_uid(3));
  EXPECT_EQ(std::get<ShredRecording>(*passed).parts, storage::ShredParts::kAll);
}

// Of a chunk that the disk has refused, and of others on their way.
TEST_F(RecordWriterTest, AStretchThatIsNotToBeKeptIsCutOutOfWhatIsOnItsWay) {
  segments_.chunks_busy_ = true;
  send_packets(1);
  writer_->step(1);
  order_cut(INT64_MAX);
  writer_->step(2);
  EXPECT_EQ(figures_.packets_cut.value(), 1U) << "of what waits for the disk";
  segments_.chunks_busy_ = false;
  send_packets(2);
  writer_->step(3);
  EXPECT_EQ(segments_.log_, (std::vector<std::string>{"flush", "chunk 1", "chunk 2"}));
  EXPECT_EQ(segments_.packets_, (std::vector<std::uint32_t>{1, 1}));
  EXPECT_EQ(figures_.packets_cut.value(), 2U);
  order_cut(25'000);  // it ended before
  send_packets(3);
  writer_->step(4);
  EXPECT_EQ(segments_.packets_.back(), 2U);
  for (int i = 0; i < 2; ++i) {
    const auto passed = queues_.shreds.try_pop();
    ASSERT_TRUE(passed);
    EXPECT_EQ(std::get<ShredMedia>(*passed).span.to_us, i == 0 ? INT64_MAX : 25'000);
  }
}

TEST_F(RecordWriterTest, TheEndOfAStretchDoesNotWaitForTheCallStore) {
  order_cut(INT64_MAX);
  writer_->step(1);
  for (std::uint32_t version = 0; writer_->is_idle(); ++version) {
    send_record(version, false);
    writer_->step(2);
    ASSERT_LT(version, 100U);
  }
  order_cut(25'000);
  send_packets(1);
  writer_->step(3);
  EXPECT_EQ(segments_.packets_, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(queues_.shreds.size(), 1U) << "carried out in its turn";
}

TEST_F(RecordWriterTest, AFullKeeperLosesNoOrderToShred) {
  std::size_t sent = 0;
  while (writer_->is_idle()) {
    RecordCommand order = ShredRecording{};
    ASSERT_TRUE(queues_.to_writer.try_push(order));
    ++sent;
    writer_->step(1);
    ASSERT_LT(sent, 100U);
  }
  std::size_t taken = 0;
  for (int i = 0; i < 20; ++i) {
    while (queues_.shreds.try_pop()) ++taken;
    writer_->step(2);
  }
  EXPECT_EQ(taken, sent);
}

TEST_F(RecordWriterTest, AbandonedMediaIsZeroedAndCounted) {
  segments_.verdict_ = AppendVerdict::kAbandoned;
  Chunk* chunk = nullptr;
  ASSERT_EQ(rings_->pop_home({&chunk, 1}), 1U);
  std::memset(chunk->append(RecordKind::kRtp, 3, 4), 0x5a, 4);
  ASSERT_TRUE(rings_->push_chunk(chunk));
  send_messages("a");
  writer_->step(1);
  EXPECT_EQ(figures_.chunks_abandoned.value(), 1U);
  EXPECT_EQ(figures_.messages_abandoned.value(), 1U);
  EXPECT_EQ(figures_.chunks_failed.value() + figures_.messages_failed.value(), 0U);
  EXPECT_EQ(std::count(chunk->records.begin(), chunk->records.end(), 0x5a), 0);
  EXPECT_TRUE(writer_->is_idle());
}

TEST_F(RecordWriterTest, LostMediaAndMessagesAreCountedAndChunksComeHome) {
  segments_.verdict_ = AppendVerdict::kFailed;
  for (std::uint32_t i = 0; i < 20; ++i) {  // more than there are chunks
    send_chunk(i);
    writer_->step(i);
  }
  send_messages("a");
  writer_->step(100);
  EXPECT_EQ(figures_.chunks_failed.value(), 20U);
  EXPECT_EQ(figures_.chunks_written.value(), 0U);
  EXPECT_EQ(figures_.messages_failed.value(), 1U);
  EXPECT_TRUE(writer_->is_idle());
}

}  // namespace
}  // namespace tapdeck::apps
