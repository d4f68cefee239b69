// The chunks a worker holds: a stack of free ones, on which those that the writer sends home are
// put. A chunk that has been used goes before one that has not: it is still in a cache, and a
// worker with few streams never touches most of its pool, pages of which the kernel need then not
// make. Threads: the owning worker.  Memory: the stack from an Arena; chunks are WorkerRings'.
// Full: take() returns kNone.  Chunks are named by index, from 1.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "engine/arena.h"
#include "engine/index_table.h"
#include "engine/rings.h"
#include "model/chunk.h"

namespace tapdeck::engine {

class ChunkPool {
 public:
  ChunkPool(Arena& arena, WorkerRings& rings)
      : rings_(rings),
        chunks_(rings.all_chunks()),
        free_(arena.take<std::uint32_t>(chunks_.size())) {
    if (free_.empty()) return;  // the arena tells
    while (refill() > 0) {
    }
    std::reverse(free_.begin(),
                 free_.begin() + free_count_);  // from the beginning of the memory on
    used_count_ = 0;
  }

  [[nodiscard]] std::uint32_t take() {
    if (used_count_ == 0) refill();
    if (free_count_ == 0) return kNone;
    if (used_count_ > 0) --used_count_;
    return free_[--free_count_];
  }

  // What take() would give without asking the writer; only to prefetch.
  [[nodiscard]] std::uint32_t next() const {
    return free_count_ == 0 ? kNone : free_[free_count_ - 1];
  }

  void put(std::uint32_t chunk) {
    TD_DCHECK(chunk != kNone && free_count_ < free_.size());
    free_[free_count_++] = chunk;
    ++used_count_;
  }

  // Gives the chunk to the writer; false when its ring is full and the chunk is still ours.
  [[nodiscard]] bool hand_out(std::uint32_t chunk) { return rings_.push_chunk(&at(chunk)); }

  [[nodiscard]] bool can_hand_out() const { return rings_.chunk_room() > 0; }

  [[nodiscard]] Chunk& at(std::uint32_t chunk) { return chunks_[chunk - 1]; }

  [[nodiscard]] const Chunk& at(std::uint32_t chunk) const { return chunks_[chunk - 1]; }

  [[nodiscard]] std::uint32_t free_count() const { return free_count_; }

  // With those that have come home and were not taken in yet.
  [[nodiscard]] std::uint32_t available() const { return free_count_ + rings_.home_count(); }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(chunks_.size()); }

 private:
  std::uint32_t refill() {
    std::array<Chunk*, 64> home;
    const std::uint32_t count = rings_.pop_home(home);
    for (std::uint32_t i = 0; i < count; ++i) {
      free_[free_count_++] = static_cast<std::uint32_t>(home[i] - chunks_.data()) + 1;
    }
    used_count_ += count;
    return count;
  }

  WorkerRings& rings_;
  std::span<Chunk> chunks_;
  std::span<std::uint32_t> free_;
  std::uint32_t free_count_ = 0;
  std::uint32_t used_count_ = 0;  // of those, on top: they have been in use
};

}  // namespace tapdeck::engine
