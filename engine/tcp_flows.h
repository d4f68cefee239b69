// TCP connections on whatever ports that were seen to carry signalling: a set of fixed size, found
// by both directions alike.
//
// Threads: the owner's.  Memory: a table from the Arena, at creation.  Full: the connection of the
// same few places that has been silent for longest is forgotten; the next message that begins at
// the front of a segment brings it back.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/hash.h"
#include "engine/arena.h"
#include "model/ids.h"

namespace tapdeck::engine {

class TcpFlows {
 public:
  struct Flow {
    const Endpoint& source;
    const Endpoint& destination;
    RealmId realm = 0;
  };

  // `count_max` is rounded up to a power of two.
  TcpFlows(Arena& arena, std::uint32_t count_max, std::uint64_t seed)
      : buckets_(arena.take<Bucket>(std::bit_ceil(std::max(count_max, kWays)) / kWays)),
        seed_(seed) {}

  // True when the flow is in the set, which it was then used.
  [[nodiscard]] bool contains(const Flow& flow, std::int64_t time_ns) {
    if (count_ == 0) return false;
    Entry* entry = find(flow);
    if (entry != nullptr) entry->seen_ns = time_ns;
    return entry != nullptr;
  }

  void add(const Flow& flow, std::int64_t time_ns) {
    const std::uint64_t hash = hash_of(flow);
    Entry* place = nullptr;
    for (Entry& entry : bucket_of(hash)) {
      if (entry.hash == hash) return;
      if (place == nullptr || entry.hash == 0 ||
          (place->hash != 0 && entry.seen_ns < place->seen_ns)) {
        place = &entry;
      }
    }
    if (place->hash == 0) ++count_;
    *place = {hash, time_ns};
  }

  void remove(const Flow& flow) {
    if (count_ == 0) return;
    Entry* entry = find(flow);
    if (entry == nullptr) return;
    *entry = {};
    --count_;
  }

  [[nodiscard]] std::uint32_t count() const { return count_; }

 private:
  static constexpr std::uint32_t kWays = 4;

  // A flow is known by its hash, keyed and of 64 bits, alone: that two of some thousands agree is
  // less likely than a broken bit, and would send a connection's segments to the call plane.
  struct Entry {
    std::uint64_t hash = 0;  // 0: free
    std::int64_t seen_ns = 0;
  };

  using Bucket = std::array<Entry, kWays>;

  [[nodiscard]] Bucket& bucket_of(std::uint64_t hash) {
    return buckets_[(hash >> 32U) & (buckets_.size() - 1)];
  }

  Entry* find(const Flow& flow) {
    const std::uint64_t hash = hash_of(flow);
    for (Entry& entry : bucket_of(hash)) {
      if (entry.hash == hash) return &entry;
    }
    return nullptr;
  }

  [[nodiscard]] std::uint64_t hash_of(const Flow& flow) const {
    const auto end = [this](const Endpoint& endpoint) {
      return hash_bytes(endpoint.ip.bytes, seed_ ^ std::uint64_t{endpoint.port} << 40U);
    };
    const std::uint64_t a = end(flow.source);
    const std::uint64_t b = end(flow.destination);
    return mix64(a + b, (a ^ b) ^ 0x9e3779b97f4a7c15ULL ^ flow.realm) | 1U;
  }

  std::span<Bucket> buckets_;
  std::uint64_t seed_;
  std::uint32_t count_ = 0;
};

}  // namespace tapdeck::engine
