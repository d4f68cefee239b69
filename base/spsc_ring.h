// Bounded single-producer single-consumer ring of movable values, for hand-overs between two
// threads outside the data plane (the data plane uses rte_ring).  Full: try_push() returns false
// and leaves the value with its owner. Threads: one producer calls try_push(), one consumer calls
// try_pop(); size() from either is a hint. Memory: all slots at construction, but a slot's pages
// are used when it first holds a value; capacity is rounded up to a power of two.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace tapdeck {

template <typename T>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity_min)
      : capacity_(std::bit_ceil(capacity_min)), slots_(std::allocator<T>{}.allocate(capacity_)) {
    TD_ASSERT(capacity_min >= 1);
  }

  ~SpscRing() {
    while (try_pop()) {
    }
    std::allocator<T>{}.deallocate(slots_, capacity_);
  }

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Moves from `value` only on success.
  [[nodiscard]] bool try_push(T& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == capacity_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == capacity_) return false;
    }
    std::construct_at(slots_ + (tail & (capacity_ - 1)), std::move(value));
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  [[nodiscard]] std::optional<T> try_pop() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return std::nullopt;
    }
    T* slot = slots_ + (head & (capacity_ - 1));
    std::optional<T> value(std::move(*slot));
    std::destroy_at(slot);
    head_.store(head + 1, std::memory_order_release);
    return value;
  }

  [[nodiscard]] std::size_t size() const {
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire);
  }

  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  const std::size_t capacity_;
  T* const slots_;
  alignas(64) std::atomic<std::size_t> head_{0};  // consumer: rw, producer: ro
  std::size_t tail_seen_ = 0;                     // consumer only
  alignas(64) std::atomic<std::size_t> tail_{0};  // producer: rw, consumer: ro
  std::size_t head_seen_ = 0;                     // producer only
};

}  // namespace tapdeck
