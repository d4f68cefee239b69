#include "base/pool_allocator.h"

#include <cstdint>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(BlockPool, BlocksOfAllSizesAreWholeAndApart) {
  struct Taken {
    std::uint8_t* block;
    std::size_t bytes;
  };

  PoolVector<Taken> taken;
  std::size_t total = 0;
  for (std::size_t i = 0; total < 3 * BlockPool::kSlabBytes; ++i) {
    const std::size_t bytes = i * 37 % (BlockPool::kPooledBytesMax + 100);
    auto* const block = static_cast<std::uint8_t*>(BlockPool::take(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0U) << bytes;
    std::memset(block, static_cast<int>(i % 251), bytes);
    taken.push_back({block, bytes});
    total += bytes;
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    for (std::size_t at = 0; at < taken[i].bytes; ++at) {
      ASSERT_EQ(taken[i].block[at], i % 251) << "block " << i << " of " << taken[i].bytes;
    }
  }
  for (const Taken& each : taken) BlockPool::give(each.block, each.bytes);
}

TEST(BlockPool, TheLastToComeBackIsTheNextToGo) {
  if (!BlockPool::kPooled) return;  // the sanitizer's heap gives each block once
  void* const first = BlockPool::take(100);
  void* const second = BlockPool::take(100);
  BlockPool::give(first, 100);
  BlockPool::give(second, 100);
  EXPECT_EQ(BlockPool::take(97), second) << "of the same size, rounded up";
  EXPECT_EQ(BlockPool::take(112), first);
  BlockPool::give(first, 112);
  BlockPool::give(second, 97);
}

TEST(BlockPool, BlocksOfWholeCacheLinesBeginWithOne) {
  if (!BlockPool::kPooled) return;
  void* const odd = BlockPool::take(16);
  void* const lines = BlockPool::take(4'096);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines) % 64, 0U);
  BlockPool::give(lines, 4'096);
  BlockPool::give(odd, 16);
}

TEST(BlockPool, AThreadMayGiveBackWhatAnotherTook) {
  void* const block = BlockPool::take(64);
  std::thread([block] {
    BlockPool::give(block, 64);
    BlockPool::give(BlockPool::take(64), 64);
  }).join();
}

TEST(PoolAllocator, ContainersGrowAndShrink) {
  PoolVector<PoolString> texts;
  for (int i = 0; i < 1'000; ++i) texts.emplace_back(static_cast<std::size_t>(i * 7), 'x');
  EXPECT_EQ(texts[999].size(), 6'993U) << "more than the pool has in one block";
  texts.resize(10);
  texts.shrink_to_fit();
  EXPECT_EQ(texts[9], PoolString(63, 'x'));
}

}  // namespace
}  // namespace tapdeck
