// Figures that no machine can leave: between what a cache gives and what a disk does.
#include "bench/load/memory_limits.h"

#include <bit>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::load {
namespace {

TEST(MemoryLimits, NoCacheHoldsTheBlock) {
  const std::size_t block = memory_limits_block();
  EXPECT_TRUE(std::has_single_bit(block));
  EXPECT_GE(block, std::size_t{256} << 20);
  EXPECT_LE(block, std::size_t{512} << 20);
}

TEST(MemoryLimits, BytesAreBytesAndNanosecondsAreNanoseconds) {
  engine::test_eal();
  const MemoryLimits found = measure_memory_limits(std::size_t{8} << 20);
  EXPECT_GT(found.copy_bytes_per_s, 1e8);
  EXPECT_LT(found.copy_bytes_per_s, 1e12);
  EXPECT_GT(found.random_load_ns, 0.05);
  EXPECT_LT(found.random_load_ns, 5e3);
}

}  // namespace
}  // namespace tapdeck::load
