#include "engine/host_memory.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_malloc.h>

namespace tapdeck::engine {
namespace {

constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

// From the kernel, begun on a large page and asking for such: a worker touches its tables and
// chunks in random order, and would otherwise miss the TLB with almost every access.
void* map_pages(std::size_t size) {
  const std::size_t spare = size < kLargePageBytes ? 0 : kLargePageBytes;
  void* mapped =
      ::mmap(nullptr, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (spare == 0) return mapped;
  auto* begin = static_cast<std::uint8_t*>(mapped);
  const std::size_t before =
      (kLargePageBytes - reinterpret_cast<std::uintptr_t>(begin) % kLargePageBytes) %
      kLargePageBytes;
  // munmap() rounds up: what is given back behind the block begins on a page of its own.
  constexpr std::size_t kPageBytes = 4'096;
  const std::size_t used = (size + kPageBytes - 1) / kPageBytes * kPageBytes;
  const std::size_t end = (size + spare + kPageBytes - 1) / kPageBytes * kPageBytes;
  if (before > 0) ::munmap(begin, before);
  if (before + used < end) ::munmap(begin + before + used, end - before - used);
  ask_for_large_pages(begin + before, size);
  return begin + before;
}

// Kernels before 5.14 do not know MADV_POPULATE_WRITE: a write to each page does the same.
void touch(void* memory, std::size_t size) {
  constexpr std::size_t kPageBytes = 4'096;
  const std::size_t whole = (size + kPageBytes - 1) / kPageBytes * kPageBytes;
  if (::madvise(memory, whole, MADV_POPULATE_WRITE) == 0) return;
  auto* bytes = static_cast<volatile std::uint8_t*>(memory);
  for (std::size_t at = 0; at < size; at += kPageBytes) bytes[at] = 0;
}

}  // namespace

void ask_for_large_pages(void* memory, std::size_t bytes) {
  ::madvise(memory, bytes, MADV_HUGEPAGE);  // only a wish: kernels without them refuse
}

HostBlock take_block(std::size_t bytes, int socket, Paging paging) {
  const std::size_t size = std::max<std::size_t>(bytes, 64);
  void* memory = nullptr;
  if (rte_eal_has_hugepages() != 0) {
    memory = rte_zmalloc_socket("tapdeck", size, 64, socket);
  } else {
    memory = map_pages(size);
    if (memory != nullptr && paging == Paging::kAtStart) touch(memory, size);
  }
  if (memory == nullptr) return {};
  return {memory, size};
}

void give_back(HostBlock& block) {
  if (block.memory == nullptr) return;
  if (rte_eal_has_hugepages() != 0) {
    rte_free(block.memory);
  } else {
    ::munmap(block.memory, block.bytes);
  }
  block = {};
}

}  // namespace tapdeck::engine
