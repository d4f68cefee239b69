// Building blocks of the worker's tables: a hash table from 64-bit hashes to indices, a pool of
// indices, and intrusive lists by index.  Index 0 is "none" everywhere, so zeroed memory is empty.
//
// Threads: the owning worker.  Memory: from an Arena at start, nothing afterwards.  Full: the
// caller bounds insertions by its IndexPool; the table has twice as many slots as indices.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "engine/arena.h"
#include "engine/prefetch.h"

namespace tapdeck::engine {

constexpr std::uint32_t kNone = 0;

// Open addressing with linear probing and backward-shift deletion: no tombstones, so lookups do not
// slow down with age.
class IndexTable {
 public:
  IndexTable(Arena& arena, std::uint32_t count_max)
      : slots_(arena.take<Slot>(std::bit_ceil(std::size_t{count_max} * 2))),
        mask_(slots_.empty() ? 0 : slots_.size() - 1) {}

  void prefetch(std::uint64_t hash) const { prefetch_to_read(&slots_[hash & mask_]); }

  // The index whose hash matches first in line, without asking the keys: only to prefetch.
  [[nodiscard]] std::uint32_t peek(std::uint64_t hash) const {
    for (std::size_t at = hash & mask_; slots_[at].index != kNone; at = (at + 1) & mask_) {
      if (slots_[at].hash == hash) return slots_[at].index;
    }
    return kNone;
  }

  template <typename Matches>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Matches&& matches) const {
    for (std::size_t at = hash & mask_; slots_[at].index != kNone; at = (at + 1) & mask_) {
      if (slots_[at].hash == hash && matches(slots_[at].index)) return slots_[at].index;
    }
    return kNone;
  }

  // Precondition: there are fewer entries than the table was made for.
  void insert(std::uint64_t hash, std::uint32_t index) {
    std::size_t at = hash & mask_;
    while (slots_[at].index != kNone) at = (at + 1) & mask_;
    slots_[at] = {hash, index, 0};
  }

  // Precondition: (hash, index) is in the table.
  void erase(std::uint64_t hash, std::uint32_t index) {
    std::size_t hole = hash & mask_;
    while (slots_[hole].index != index) {
      TD_DCHECK(slots_[hole].index != kNone);
      hole = (hole + 1) & mask_;
    }
    for (std::size_t at = (hole + 1) & mask_; slots_[at].index != kNone; at = (at + 1) & mask_) {
      // An entry may move back to the hole when its home is not between the hole and itself.
      const std::size_t distance = (at - (slots_[at].hash & mask_)) & mask_;
      if (distance < ((at - hole) & mask_)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
  }

 private:
  struct Slot {
    std::uint64_t hash;
    std::uint32_t index;
    std::uint32_t unused;
  };

  static_assert(sizeof(Slot) == 16);

  std::span<Slot> slots_;
  std::size_t mask_;
};

// Hands out the indices 1 to count_max, the most recently returned first.
class IndexPool {
 public:
  IndexPool(Arena& arena, std::uint32_t count_max)
      : free_(arena.take<std::uint32_t>(count_max)),
        free_count_(static_cast<std::uint32_t>(free_.size())) {
    for (std::uint32_t i = 0; i < free_count_; ++i) free_[i] = free_count_ - i;
  }

  // kNone when all are out.
  [[nodiscard]] std::uint32_t take() { return free_count_ == 0 ? kNone : free_[--free_count_]; }

  void put(std::uint32_t index) {
    TD_DCHECK(index != kNone && free_count_ < free_.size());
    free_[free_count_++] = index;
  }

  [[nodiscard]] std::uint32_t used() const {
    return static_cast<std::uint32_t>(free_.size()) - free_count_;
  }

 private:
  std::span<std::uint32_t> free_;
  std::uint32_t free_count_;
};

struct Link {
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

struct ListHead {
  std::uint32_t first = kNone;
  std::uint32_t last = kNone;

  [[nodiscard]] bool empty() const { return first == kNone; }
};

template <typename Node>
void list_push_back(std::span<Node> nodes, Link Node::*link, ListHead& head, std::uint32_t index) {
  nodes[index].*link = {head.last, kNone};
  (head.last == kNone ? head.first : (nodes[head.last].*link).next) = index;
  head.last = index;
}

template <typename Node>
void list_remove(std::span<Node> nodes, Link Node::*link, ListHead& head, std::uint32_t index) {
  const Link out = nodes[index].*link;
  (out.previous == kNone ? head.first : (nodes[out.previous].*link).next) = out.next;
  (out.next == kNone ? head.last : (nodes[out.next].*link).previous) = out.previous;
  nodes[index].*link = {};
}

}  // namespace tapdeck::engine
