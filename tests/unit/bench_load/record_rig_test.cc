// Whatever became of a packet, the balance must come out; and what did not must be seen in it.
#include "bench/load/record_rig.h"

#include <fstream>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::load {
namespace {

constexpr std::uint32_t kStreams = 1'000;

// A store that keeps what it is given, for as long as it is asked.
class RecordRigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    engine::test_eal();
    auto made = RecordRig::create(kStreams, RecordRig::Feed::kPackets);
    ASSERT_TRUE(made) << made.error().message;
    rig_ = std::move(*made);
    rig_->warm_up();
  }

  void write_all() {
    while (Chunk* chunk = rig_->rings().pop_chunk()) {
      sections_.push_back({chunk->section, {}});
      const ByteView records = ByteView{chunk->records}.first(chunk->section.record_bytes);
      sections_.back().records.assign(records.begin(), records.end());
      rig_->rings().take_home(chunk);
    }
  }

  void finish_and_read_back() {
    write_all();
    rig_->finish();
    write_all();
    for (const Kept& kept : sections_) rig_->read_back(kept.section, kept.records);
  }

  struct Kept {
    SectionHeader section;
    std::vector<std::uint8_t> records;
  };

  std::unique_ptr<RecordRig> rig_;
  std::vector<Kept> sections_;
};

TEST_F(RecordRigTest, FewStreamsDropNothingWhenChunksAreWaitedFor) {
  for (int i = 0; i < 20; ++i) {
    if (rig_->free_chunks() < rig_->chunks_a_batch()) write_all();
    ASSERT_GE(rig_->free_chunks(), rig_->chunks_a_batch());
    rig_->feed_packets();
  }
  finish_and_read_back();
  const RecordRig::Balance balance = rig_->balance();
  EXPECT_EQ(balance.dropped, 0U);
  EXPECT_EQ(balance.read_back, balance.sent);
  EXPECT_EQ(balance.unexplained() + balance.damaged + balance.wrong_streams, 0U);
}

TEST_F(RecordRigTest, WhatWasDroppedIsComparedAllTheSame) {
  for (int i = 0; i < 10; ++i) rig_->feed_packets();  // nobody writes
  for (int i = 0; i < 5; ++i) {
    write_all();
    rig_->feed_packets();  // gap records, and packets behind them
  }
  finish_and_read_back();
  RecordRig::Balance balance = rig_->balance();
  EXPECT_GT(balance.dropped, 0U);
  EXPECT_GT(balance.read_back, 0U);
  EXPECT_EQ(balance.unexplained() + balance.damaged + balance.wrong_streams, 0U);
  rig_->read_back(sections_[0].section, sections_[0].records);
  EXPECT_EQ(rig_->balance().unexplained(), sections_[0].section.packet_count);
  sections_[1].records.back() ^= 1;
  rig_->read_back(sections_[1].section, sections_[1].records);
  EXPECT_GT(rig_->balance().damaged, 0U);
}

TEST(RecordRig, TooLittleMemoryIsTold) {
  engine::test_eal();
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  rlimit little = before;
  little.rlim_cur = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + (256U << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &little), 0);
  const auto made = RecordRig::create(100'000, RecordRig::Feed::kPackets);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kResources) << made.error().message;
}

}  // namespace
}  // namespace tapdeck::load
