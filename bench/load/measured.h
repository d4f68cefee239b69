// What harnesses that time loops over memory share: memory as a worker has it, and the median of a
// few rounds of CPU time.
// Threads: the benchmark's one.  Memory: a block each, given back at the end.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "base/assert.h"
#include "bench/load/cpu_time.h"
#include "engine/host_memory.h"

namespace tapdeck::load {

constexpr std::uint32_t kPacketsAhead = 32;  // packets between asking for memory and using it
constexpr std::uint32_t kRounds = 5;         // the median of these
constexpr std::size_t kLine = 64;

// Zeroed, in large pages where there are some, and used once.
class Memory {
 public:
  explicit Memory(std::size_t bytes) : block_(engine::take_block(bytes, 0)) {
    TD_ASSERT(block_.memory != nullptr);
    for (std::size_t at = 0; at < bytes; at += 4'096) this->at(at)[0] = 1;
  }

  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  ~Memory() { engine::give_back(block_); }

  [[nodiscard]] std::uint8_t* at(std::size_t offset) const {
    return static_cast<std::uint8_t*>(block_.memory) + offset;
  }

 private:
  engine::HostBlock block_;
};

// Of each of `count` things that `function` does.
template <typename Function>
double median_ns(std::uint32_t count, Function&& function) {
  std::array<double, kRounds> rounds{};
  function();  // once to get warm
  for (double& round : rounds) {
    const std::int64_t begin_ns = thread_cpu_ns();
    function();
    round = static_cast<double>(thread_cpu_ns() - begin_ns) / count;
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[kRounds / 2];
}

}  // namespace tapdeck::load
