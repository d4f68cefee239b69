// Bounded single-producer single-consumer ring of movable values, for hand-overs between two
// threads outside the data plane (the data plane uses rte_ring).  Full: try_push() returns false
// and leaves the value with its owner. Threads: one producer calls try_push(), one consumer calls
// try_pop(); size() from either is a hint. Memory: all slots at construction; capacity is rounded
// up to a power of two.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace tapdeck {

template <typename T>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity_min)
      : slots_(std::bit_ceil(capacity_min)), mask_(slots_.size() - 1) {
    TD_ASSERT(capacity_min >= 1);
  }

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Moves from `value` only on success.
  [[nodiscard]] bool try_push(T& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == slots_.size()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == slots_.size()) return false;
    }
    slots_[tail & mask_] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  [[nodiscard]] std::optional<T> try_pop() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return std::nullopt;
    }
    std::optional<T> value(std::move(slots_[head & mask_]));
    slots_[head & mask_] = T{};  // frees what the moved-from value may still hold
    head_.store(head + 1, std::memory_order_release);
    return value;
  }

  [[nodiscard]] std::size_t size() const {
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire);
  }

  [[nodiscard]] std::size_t capacity() const { return slots_.size(); }

 private:
  std::vector<T> slots_;
  std::size_t mask_;
  alignas(64) std::atomic<std::size_t> head_{0};  // consumer: rw, producer: ro
  std::size_t tail_seen_ = 0;                     // consumer only
  alignas(64) std::atomic<std::size_t> tail_{0};  // producer: rw, consumer: ro
  std::size_t head_seen_ = 0;                     // producer only
};

}  // namespace tapdeck
