// All RTP streams of one worker by (realm, source, destination, SSRC).
// Threads: the owning worker.  Memory: fixed at start.  Full: create() returns kNone, the caller
// counts.  For bursts: hash all, prefetch() all, prefetch_stream() all, then find().
#pragma once

#include <cstdint>
#include <span>

#include "engine/arena.h"
#include "engine/index_table.h"
#include "engine/stream.h"

namespace tapdeck::engine {

class StreamTable {
 public:
  StreamTable(Arena& arena, std::uint32_t streams_max, std::uint64_t hash_seed);

  [[nodiscard]] std::uint64_t hash(const StreamKey& key) const;

  void prefetch(std::uint64_t hash) const { table_.prefetch(hash); }

  // Returns the stream that find() will most likely give; kNone, which is unused, otherwise.
  std::uint32_t prefetch_stream(std::uint64_t hash) const {
    const std::uint32_t index = table_.peek(hash);
    __builtin_prefetch(&keys_[index]);
    __builtin_prefetch(&hot_[index], 1);
    return index;
  }

  [[nodiscard]] std::uint32_t find(const StreamKey& key, std::uint64_t hash) const {
    return table_.find(hash, [&](std::uint32_t index) { return keys_[index] == key; });
  }

  // A zeroed stream; kNone when full.  Precondition: find() gave kNone.
  std::uint32_t create(const StreamKey& key, std::uint64_t hash);
  void remove(std::uint32_t index);

  [[nodiscard]] const StreamKey& key(std::uint32_t index) const { return keys_[index]; }

  [[nodiscard]] StreamHot& hot(std::uint32_t index) { return hot_[index]; }

  [[nodiscard]] const StreamHot& hot(std::uint32_t index) const { return hot_[index]; }

  [[nodiscard]] StreamCold& cold(std::uint32_t index) { return cold_[index]; }

  [[nodiscard]] const StreamCold& cold(std::uint32_t index) const { return cold_[index]; }

  [[nodiscard]] std::span<StreamCold> all_cold() { return cold_; }

  [[nodiscard]] std::uint32_t used() const { return pool_.used(); }

  [[nodiscard]] std::uint32_t capacity() const {
    return static_cast<std::uint32_t>(keys_.size()) - 1;
  }

  [[nodiscard]] std::uint64_t created_count() const { return created_; }

 private:
  IndexTable table_;
  IndexPool pool_;
  std::span<StreamKey> keys_;
  std::span<StreamHot> hot_;
  std::span<StreamCold> cold_;
  std::uint64_t hash_seed_;
  std::uint64_t created_ = 0;
};

}  // namespace tapdeck::engine
