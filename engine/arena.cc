#include "engine/arena.h"

#include <rte_malloc.h>

namespace tapdeck::engine {

Arena::~Arena() {
  while (block_count_ > 0) rte_free(blocks_[--block_count_]);
}

void* Arena::take_bytes(std::size_t bytes) {
  if (failed_ || block_count_ == kBlocksMax) {
    failed_ = true;
    return nullptr;
  }
  void* memory = rte_zmalloc_socket("tapdeck", bytes == 0 ? 64 : bytes, 64, socket_);
  if (memory == nullptr) {
    failed_ = true;
    return nullptr;
  }
  blocks_[block_count_++] = memory;
  return memory;
}

}  // namespace tapdeck::engine
