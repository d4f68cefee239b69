// Memory for the many small objects of one thread that come and go: blocks by size, cut out of
// large pages.  A block that is given back is the next to be taken in its size, so that what is
// made takes the places of what has just gone, and neighbours stay neighbours.
//
// Threads: each has a pool of its own; a block that another thread gives back is that thread's from
// then on, so it is for objects that stay where they were made.  Memory: kSlabBytes at a time, kept
// for the next objects until the process ends; blocks of more than kPooledBytesMax are the heap's.
// No memory left: the process ends.  Under AddressSanitizer every block is the heap's.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <string>
#include <vector>

#include "base/sanitizer.h"

namespace tapdeck {

class BlockPool {
 public:
  // Whether there is a pool at all: not under AddressSanitizer.
  static constexpr bool kPooled = !kAddressSanitizer;

  static constexpr std::size_t kPooledBytesMax = 4'096;
  static constexpr std::size_t kSlabBytes = std::size_t{2} << 20;

  // Aligned to kGrain bytes, or to a cache line where `bytes` is a multiple of one.
  static void* take(std::size_t bytes) {
    const std::size_t row = row_of(bytes);
    if (!kPooled || row >= kRows) return ::operator new(bytes);
    Block* const block = free_[row];
    if (block == nullptr) return cut(row);
    free_[row] = block->next;
    __builtin_prefetch(block->next, 1);
    return block;
  }

  // `bytes` as they were asked for.
  static void give(void* memory, std::size_t bytes) {
    const std::size_t row = row_of(bytes);
    if (!kPooled || row >= kRows) return ::operator delete(memory);
    free_[row] = ::new (memory) Block{free_[row]};
  }

 private:
  static constexpr std::size_t kGrain = 16;
  static constexpr std::size_t kRows = kPooledBytesMax / kGrain + 1;

  struct Block {
    Block* next;
  };

  static constexpr std::size_t row_of(std::size_t bytes) {
    return bytes == 0 ? 1 : (bytes + kGrain - 1) / kGrain;
  }

  static void* cut(std::size_t row);

  // Each thread's own, and private: members in all but their storage.
  // NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables,readability-identifier-naming)
  static thread_local constinit std::array<Block*, kRows> free_;
  static thread_local constinit char* slab_;  // what is left of the latest slab
  static thread_local constinit std::size_t left_;
  // NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables,readability-identifier-naming)
};

// The pool as containers want it.
template <typename T>
class PoolAllocator {
 public:
  using value_type = T;

  PoolAllocator() = default;

  template <typename Other>
  explicit(false) PoolAllocator(  // NOLINT(google-explicit-constructor): as containers want it
      const PoolAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= 16);
    return static_cast<T*>(BlockPool::take(count * sizeof(T)));
  }

  void deallocate(T* memory, std::size_t count) { BlockPool::give(memory, count * sizeof(T)); }

  template <typename Other>
  bool operator==(const PoolAllocator<Other>&) const {
    return true;
  }
};

template <typename T>
using PoolVector = std::vector<T, PoolAllocator<T>>;
using PoolString = std::basic_string<char, std::char_traits<char>, PoolAllocator<char>>;

}  // namespace tapdeck
