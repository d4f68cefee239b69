#include "engine/chunk_pool.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kChunks = 200;

class ChunkPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_eal();
    auto rings = WorkerRings::create({.worker = 60, .chunk_count = kChunks});
    ASSERT_TRUE(rings) << rings.error().message;
    rings_.emplace(std::move(*rings));
    arena_.emplace(0);
    pool_.emplace(*arena_, *rings_);
  }

  std::optional<WorkerRings> rings_;
  std::optional<Arena> arena_;
  std::optional<ChunkPool> pool_;
};

TEST_F(ChunkPoolTest, GivesEachChunkOnceFromTheBeginningOfTheMemory) {
  EXPECT_EQ(pool_->free_count(), kChunks);
  for (std::uint32_t i = 1; i <= kChunks; ++i) {
    EXPECT_EQ(pool_->next(), i);
    EXPECT_EQ(pool_->take(), i);
  }
  EXPECT_EQ(pool_->take(), kNone);
  EXPECT_EQ(pool_->next(), kNone);
}

// A worker with few streams must not walk through all memory that it was given.
TEST_F(ChunkPoolTest, TakesWhatHasBeenUsedBeforeWhatHasNot) {
  std::uint32_t highest = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint32_t chunk = pool_->take();
    highest = std::max(highest, chunk);
    if (i % 3 == 0) {
      pool_->put(chunk);
      continue;
    }
    ASSERT_TRUE(pool_->hand_out(chunk));
    rings_->take_home(rings_->pop_chunk());
  }
  EXPECT_LE(highest, 2U);
  EXPECT_EQ(pool_->free_count() + rings_->home_count(), kChunks);
}

TEST_F(ChunkPoolTest, LosesNoneWhenManyAreAwayAtOnce) {
  std::vector<std::uint32_t> taken;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 150; ++i) {
      taken.push_back(pool_->take());
      ASSERT_NE(taken.back(), kNone);
    }
    for (const std::uint32_t chunk : taken) rings_->take_home(&pool_->at(chunk));
    taken.clear();
  }
  std::vector<bool> seen(kChunks + 1);
  for (std::uint32_t i = 0; i < kChunks; ++i) {
    const std::uint32_t chunk = pool_->take();
    ASSERT_NE(chunk, kNone);
    EXPECT_FALSE(seen[chunk]);
    seen[chunk] = true;
  }
  EXPECT_EQ(pool_->take(), kNone);
}

}  // namespace
}  // namespace tapdeck::engine
