#include "engine/arena.h"

namespace tapdeck::engine {

Arena::~Arena() {
  while (block_count_ > 0) give_back(blocks_[--block_count_]);
}

void* Arena::take_bytes(std::size_t bytes) {
  if (failed_ || block_count_ == kBlocksMax) {
    failed_ = true;
    return nullptr;
  }
  const HostBlock block = take_block(bytes, socket_, paging_);
  if (block.memory == nullptr) {
    failed_ = true;
    return nullptr;
  }
  blocks_[block_count_++] = block;
  return block.memory;
}

}  // namespace tapdeck::engine
