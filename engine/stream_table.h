// All RTP streams of one worker by (realm, source, destination, SSRC).
// Threads: the owning worker.  Memory: fixed at start.  Full: create() returns kNone, the caller
// counts.  For bursts: hash all, prefetch() all, prefetch_stream() all, then find().
#pragma once

#include <cstdint>
#include <span>

#include "base/hash.h"
#include "engine/arena.h"
#include "engine/index_table.h"
#include "engine/prefetch.h"
#include "engine/stream.h"

namespace tapdeck::engine {

class StreamTable {
 public:
  StreamTable(Arena& arena, std::uint32_t streams_max, std::uint64_t hash_seed);

  // Three multiplications side by side, then one: every packet waits for it.
  [[nodiscard]] std::uint64_t hash(const StreamKey& key) const {
    static_assert(sizeof key == 48);
    const auto* at = reinterpret_cast<const std::uint8_t*>(&key);
    const auto word = [&](std::size_t index) { return load_le<std::uint64_t>(at + index * 8); };
    const std::uint64_t high = mix64(word(0) ^ hash_seed_, word(2) ^ 0xa0761d6478bd642fULL);
    const std::uint64_t low = mix64(word(1) ^ hash_seed_, word(3) ^ 0xe7037ed1a0b428dbULL);
    const std::uint64_t rest = mix64(word(4) ^ hash_seed_, word(5) ^ 0x8ebc6af09c88c6e3ULL);
    return mix64(low ^ (high << 1 | high >> 63), rest ^ 0x589965cc75374cc3ULL);
  }

  void prefetch(std::uint64_t hash) const { table_.prefetch(hash); }

  // Returns the stream that find() will most likely give; kNone, which is unused, otherwise.
  std::uint32_t prefetch_stream(std::uint64_t hash) const {
    const std::uint32_t index = table_.peek(hash);
    const auto* at = reinterpret_cast<const std::uint8_t*>(&hot_[index]);
    prefetch_to_write(at);
    prefetch_to_write(at + kLineBytes);
    return index;
  }

  [[nodiscard]] std::uint32_t find(const StreamKey& key, std::uint64_t hash) const {
    return table_.find(hash, [&](std::uint32_t index) { return hot_[index].key == key; });
  }

  // find(), when prefetch_stream() has said `likely`.
  [[nodiscard]] std::uint32_t find(const StreamKey& key,
                                   std::uint64_t hash,
                                   std::uint32_t likely) const {
    // The stream may have gone since; then it is not in use.
    const StreamHot& hot = hot_[likely];
    if (hot.state != StreamState::kUnused && hot.key == key) return likely;
    return find(key, hash);
  }

  // find() misses a stream that is set aside: so the packet path pays nothing for it, and whoever
  // would begin a stream asks find_aside() first.
  void set_aside(std::uint32_t index) { hot_[index].key.aside = 1; }

  void take_back(std::uint32_t index) { hot_[index].key.aside = 0; }

  [[nodiscard]] bool is_fax(std::uint32_t index) const { return hot_[index].key.is_fax != 0; }

  [[nodiscard]] bool is_aside(std::uint32_t index) const { return hot_[index].key.aside != 0; }

  [[nodiscard]] std::uint32_t find_aside(StreamKey key, std::uint64_t hash) const {
    key.aside = 1;
    return find(key, hash);
  }

  // A zeroed stream; kNone when full.  Precondition: find() and find_aside() gave kNone.
  std::uint32_t create(const StreamKey& key, std::uint64_t hash);
  void remove(std::uint32_t index);

  [[nodiscard]] const StreamKey& key(std::uint32_t index) const { return hot_[index].key; }

  [[nodiscard]] StreamHot& hot(std::uint32_t index) { return hot_[index]; }

  [[nodiscard]] const StreamHot& hot(std::uint32_t index) const { return hot_[index]; }

  [[nodiscard]] StreamCold& cold(std::uint32_t index) { return cold_[index]; }

  [[nodiscard]] const StreamCold& cold(std::uint32_t index) const { return cold_[index]; }

  [[nodiscard]] std::span<StreamCold> all_cold() { return cold_; }

  [[nodiscard]] std::uint32_t used() const { return pool_.used(); }

  [[nodiscard]] std::uint32_t capacity() const {
    return static_cast<std::uint32_t>(hot_.size()) - 1;
  }

  [[nodiscard]] std::uint64_t created_count() const { return created_; }

 private:
  IndexTable table_;
  IndexPool pool_;
  std::span<StreamHot> hot_;
  std::span<StreamCold> cold_;
  std::uint64_t hash_seed_;
  std::uint64_t created_ = 0;
};

}  // namespace tapdeck::engine
