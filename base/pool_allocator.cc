#include "base/pool_allocator.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>

#include "base/assert.h"

namespace tapdeck {
namespace {

constexpr std::size_t kLineBytes = 64;

// Aligned to its size, so that one large page can hold it.
char* map_slab(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TD_ASSERT(memory != MAP_FAILED);
  char* const begin = static_cast<char*>(memory);
  const std::size_t before = (bytes - reinterpret_cast<std::uintptr_t>(begin) % bytes) % bytes;
  if (before > 0) ::munmap(begin, before);
  if (before < bytes) ::munmap(begin + before + bytes, bytes - before);
  ::madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

thread_local constinit std::array<BlockPool::Block*, BlockPool::kRows> BlockPool::free_{};
thread_local constinit char* BlockPool::slab_ = nullptr;
thread_local constinit std::size_t BlockPool::left_ = 0;

void* BlockPool::cut(std::size_t row) {
  const std::size_t bytes = row * kGrain;
  // A block of whole cache lines begins with one; what is left out before it is the block before.
  const std::size_t before = bytes % kLineBytes == 0 ? left_ % kLineBytes : 0;
  if (left_ < bytes + before) {
    for (std::size_t rest = left_ / kGrain; rest > 0; rest = left_ / kGrain) {
      rest = std::min(rest, kRows - 1);
      give(slab_, rest * kGrain);
      slab_ += rest * kGrain;
      left_ -= rest * kGrain;
    }
    slab_ = map_slab(kSlabBytes);
    left_ = kSlabBytes;
    return cut(row);
  }
  if (before > 0) give(slab_, before);
  char* const block = slab_ + before;
  slab_ = block + bytes;
  left_ -= before + bytes;
  return block;
}

}  // namespace tapdeck
