// Single-writer statistics: a relaxed counter that one thread bumps and any thread reads.
// Threads: add() and set_max() by the owner only; value() by any.  Memory: none.
#pragma once

#include <atomic>
#include <cstdint>

namespace tapdeck {

class Counter {
 public:
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }

  void set_max(std::uint64_t value) {
    if (value > value_.load(std::memory_order_relaxed))
      value_.store(value, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace tapdeck
