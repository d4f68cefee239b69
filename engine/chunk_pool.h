// The chunks a worker holds: a stack of free ones, refilled from the ring on which the writer sends
// them home.
// Threads: the owning worker.  Memory: the stack from an Arena; chunks are WorkerRings'.  Full:
// take() returns kNone.  Chunks are named by index, from 1.
#pragma once

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
        free_(arena.take<std::uint32_t>(chunks_.size())) {}

  [[nodiscard]] std::uint32_t take() {
    if (free_count_ == 0) refill();
    return free_count_ == 0 ? kNone : free_[--free_count_];
  }

  // What take() would give without asking the writer; only to prefetch.
  [[nodiscard]] std::uint32_t next() const {
    return free_count_ == 0 ? kNone : free_[free_count_ - 1];
  }

  void put(std::uint32_t chunk) {
    TD_DCHECK(chunk != kNone && free_count_ < free_.size());
    free_[free_count_++] = chunk;
  }

  // Gives the chunk to the writer; false when its ring is full and the chunk is still ours.
  [[nodiscard]] bool hand_out(std::uint32_t chunk) { return rings_.push_chunk(&at(chunk)); }

  [[nodiscard]] Chunk& at(std::uint32_t chunk) { return chunks_[chunk - 1]; }

  [[nodiscard]] const Chunk& at(std::uint32_t chunk) const { return chunks_[chunk - 1]; }

  [[nodiscard]] std::uint32_t free_count() const { return free_count_; }

  // With those that have come home and were not taken in yet.
  [[nodiscard]] std::uint32_t available() const { return free_count_ + rings_.home_count(); }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(chunks_.size()); }

 private:
  void refill() {
    std::array<Chunk*, 64> home;
    const std::uint32_t count = rings_.pop_home(home);
    for (std::uint32_t i = 0; i < count; ++i) {
      free_[free_count_++] = static_cast<std::uint32_t>(home[i] - chunks_.data()) + 1;
    }
  }

  WorkerRings& rings_;
  std::span<Chunk> chunks_;
  std::span<std::uint32_t> free_;
  std::uint32_t free_count_ = 0;
};

}  // namespace tapdeck::engine
