#include "engine/host_memory.h"

#include <algorithm>
#include <cstdint>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

std::int64_t page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

TEST(HostMemory, ABlockIsZeroedAndItsPagesAreUsedWhenTouched) {
  test_eal();
  constexpr std::size_t kBytes = std::size_t{512} << 20;
  const std::int64_t before = page_faults();
  HostBlock block = take_block(kBytes, 0);
  ASSERT_NE(block.memory, nullptr);
  auto* bytes = static_cast<std::uint8_t*>(block.memory);
  EXPECT_EQ(bytes[kBytes - 1], 0);
  std::fill_n(bytes, 1'000, std::uint8_t{1});
  give_back(block);
  EXPECT_EQ(block.memory, nullptr);
  give_back(block);
  // 131 072 pages of 4 KiB; the whole of it must cost a few.
  EXPECT_LT(page_faults() - before, 1'000);
}

TEST(HostMemory, OrAllOfThemAreThereAtStart) {
  test_eal();
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  HostBlock block = take_block(kBytes + 1, 0, Paging::kAtStart);
  ASSERT_NE(block.memory, nullptr);
  auto* bytes = static_cast<std::uint8_t*>(block.memory);
  std::uint64_t sum = 0;
  // Reading is no proof (a page of zeroes is lent for it), but touches a sanitizer's own memory.
  for (std::size_t at = 0; at <= kBytes; at += 4'096) sum += bytes[at];
  EXPECT_EQ(sum, 0U);
  const std::int64_t before = page_faults();
  for (std::size_t at = 0; at <= kBytes; at += 4'096) ++bytes[at];
  EXPECT_LT(page_faults() - before, 10);
  give_back(block);
}

TEST(HostMemory, AnImpossibleSizeIsAnEmptyBlock) {
  test_eal();
  EXPECT_EQ(take_block(std::size_t{1} << 60, 0).memory, nullptr);
}

}  // namespace
}  // namespace tapdeck::engine
