#include "bench/load/memory_limits.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>
#include <unistd.h>
#include <vector>

#include "bench/load/measured.h"
#include "engine/prefetch.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kBlockMin = std::size_t{256} << 20;
constexpr std::size_t kBlockMax = std::size_t{512} << 20;
constexpr std::uint32_t kLoads = 1U << 20;

double random_load_ns(const Memory& memory, std::size_t bytes) {
  std::vector<std::uint32_t> order(kLoads + kPacketsAhead);
  std::mt19937 random(6);
  for (std::uint32_t& line : order) line = static_cast<std::uint32_t>(random() % (bytes / kLine));
  std::uint64_t sum = 0;
  const double ns = median_ns(kLoads, [&] {
    for (std::uint32_t i = 0; i < kLoads; ++i) {
      engine::prefetch_to_read(memory.at(order[i + kPacketsAhead] * kLine));
      sum += memory.at(order[i] * kLine)[0];
    }
  });
  TD_ASSERT(sum != 1);
  return ns;
}

}  // namespace

std::size_t memory_limits_block() {
  const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);  // 0 or less: not known
  const auto wanted = static_cast<std::size_t>(std::max(0L, cache)) * 4;
  return std::bit_ceil(std::clamp(wanted, kBlockMin, kBlockMax));
}

MemoryLimits measure_memory_limits(std::size_t bytes) {
  TD_ASSERT(std::has_single_bit(bytes) && bytes >= std::size_t{1} << 20);
  const Memory from(bytes);
  const Memory to(bytes);
  const double copy_ns = median_ns(1, [&] { std::memcpy(to.at(0), from.at(0), bytes); });
  TD_ASSERT(to.at(0)[0] == 1);
  return {.copy_bytes_per_s = static_cast<double>(bytes) / copy_ns * 1e9,
          .random_load_ns = random_load_ns(from, bytes)};
}

}  // namespace tapdeck::load
