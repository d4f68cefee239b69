#include "engine/arena.h"

#include <algorithm>
#include <cstdint>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

TEST(Arena, GivesZeroedCacheLineAlignedMemory) {
  test_eal();
  for (int round = 0; round < 2; ++round) {  // the second round gets what the first one dirtied
    Arena arena(0);
    for (const std::size_t count : {1U, 100U, 10'000U}) {
      const std::span<std::uint32_t> taken = arena.take<std::uint32_t>(count);
      ASSERT_EQ(taken.size(), count);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(taken.data()) % 64, 0U);
      EXPECT_TRUE(std::all_of(taken.begin(), taken.end(), [](auto value) { return value == 0; }));
      std::fill(taken.begin(), taken.end(), 0xffff'ffffU);
    }
    EXPECT_FALSE(arena.failed());
  }
}

TEST(Arena, StaysFailedOnceItsHeapIsFull) {
  test_eal();
  Arena arena(0);
  EXPECT_TRUE(arena.take<std::uint8_t>(std::size_t{1} << 40).empty());
  EXPECT_TRUE(arena.take<std::uint8_t>(1).empty()) << "a constructor asks only once, at its end";
  EXPECT_TRUE(arena.failed());
}

TEST(Arena, FailsBeyondItsBlocks) {
  test_eal();
  Arena arena(0);
  for (int i = 0; i < 32; ++i) EXPECT_FALSE(arena.take<std::uint8_t>(1).empty());
  EXPECT_TRUE(arena.take<std::uint8_t>(1).empty());
  EXPECT_TRUE(arena.failed());
}

}  // namespace
}  // namespace tapdeck::engine
