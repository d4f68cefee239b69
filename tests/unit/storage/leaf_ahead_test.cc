#include "storage/leaf_ahead.h"

#include <memory>

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

class LeafAheadTest : public ::testing::Test {
 protected:
  LeafAheadTest() {
    for (std::size_t i = 0; i < kChunks; ++i) {
      chunks_.push_back(std::make_unique<Chunk>());
      chunks_[i]->recording.bytes[0] = static_cast<std::uint8_t>(i);
      while (chunks_[i]->room() > 200) chunks_[i]->append(RecordKind::kRtp, 1, 172)[0] = 7;
      keys_[i].id = static_cast<std::uint32_t>(i);
      keys_[i].key.salt.fill(static_cast<std::uint8_t>(i));
      announced_.push_back(chunks_[i].get());
    }
  }

  Hash expected(std::size_t i) {
    const ByteView section = chunks_[i]->section_view();
    return hasher_.leaf(keys_[i].key.salt, {&section, 1});
  }

  static constexpr std::size_t kChunks = 11;
  Hasher hasher_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<const Chunk*> announced_;
  std::array<AllocatedKey, kChunks> keys_;
  std::size_t unknown_ = kChunks;  // its recording has no key yet
  LeafAhead leaves_{hasher_, [this](const Chunk& chunk) -> const AllocatedKey* {
                      const std::size_t i = chunk.recording.bytes[0];
                      return i == unknown_ ? nullptr : &keys_[i];
                    }};
};

TEST_F(LeafAheadTest, GivesEachChunkItsOwnLeaf) {
  leaves_.announce(announced_);
  for (std::size_t i = 0; i < kChunks; ++i) {
    EXPECT_EQ(leaves_.take(*chunks_[i], keys_[i]), expected(i)) << i;
  }
}

TEST_F(LeafAheadTest, ChunksMayBeLeftOutOrComeUnannounced) {
  unknown_ = 2;
  leaves_.announce({announced_.data(), 8});
  for (const std::size_t i : {0U, 3U, 2U, 9U, 5U, 4U, 7U}) {
    EXPECT_EQ(leaves_.take(*chunks_[i], keys_[i]), expected(i)) << i;
  }
}

TEST_F(LeafAheadTest, AKeyThatChangedMeanwhileCounts) {
  leaves_.announce(announced_);
  static_cast<void>(leaves_.take(*chunks_[0], keys_[0]));
  keys_[1].id = 77;
  keys_[1].key.salt.fill(0xaa);
  EXPECT_EQ(leaves_.take(*chunks_[1], keys_[1]), expected(1));
}

TEST_F(LeafAheadTest, ABufferUsedAgainForAnotherChunkIsHashedAgain) {
  leaves_.announce(announced_);
  static_cast<void>(leaves_.take(*chunks_[0], keys_[0]));
  chunks_[1]->records[100] ^= 1;
  leaves_.announce(announced_);
  EXPECT_EQ(leaves_.take(*chunks_[1], keys_[1]), expected(1));
}

}  // namespace
}  // namespace tapdeck::storage
