#include "engine/host_memory.h"

#include <algorithm>
#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_malloc.h>

namespace tapdeck::engine {

HostBlock take_block(std::size_t bytes, int socket) {
  const std::size_t size = std::max<std::size_t>(bytes, 64);
  void* memory = nullptr;
  if (rte_eal_has_hugepages() != 0) {
    memory = rte_zmalloc_socket("tapdeck", size, 64, socket);
  } else {
    memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) memory = nullptr;
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
