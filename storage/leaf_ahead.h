// Leaf hashes of the chunks that a writer is about to append, made for several at once: see
// sha256_lanes.h.
//
// Threads: the writer's.  Memory: a few pointers and hashes.  Announced chunks are read until they
// are asked for or others are announced; their owner must not change them.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "model/chunk.h"
#include "storage/crypto.h"
#include "storage/keys.h"

namespace tapdeck::storage {

class LeafAhead {
 public:
  // The media key of the chunk's recording if it has one and the chunk becomes an extent of its
  // own; otherwise null.
  using FindKey = std::function<const AllocatedKey*(const Chunk&)>;

  LeafAhead(Hasher& hasher, FindKey find_key) : hasher_(hasher), find_key_(std::move(find_key)) {}

  // These come next, in this order.
  void announce(std::span<const Chunk* const> chunks);

  // Of `chunk` under `key`; does those that come next along with it.
  Hash take(const Chunk& chunk, const AllocatedKey& key);

 private:
  struct Ready {
    const Chunk* chunk = nullptr;
    std::uint32_t key_id = kNoKey;
    Hash leaf{};
  };

  Hasher& hasher_;
  FindKey find_key_;
  std::vector<const Chunk*> announced_;
  std::size_t next_ = 0;  // in announced_
  std::array<Ready, kLeavesAtOnce> ready_{};
};

}  // namespace tapdeck::storage
