// The least that each stage of a worker can cost on this machine: the same memory touched in the
// same random order and the same arithmetic, each alone, in one loop that asks for memory well
// ahead. What a worker needs beyond their sum is its own.
//
// Threads: the benchmark's one.  Memory: as much as the worker's tables and chunks, given back at
// once.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/port.h"

namespace tapdeck::load {

constexpr std::array<std::string_view, 6> kFloorNames = {
    "rx", "decode", "hash", "lookup", "update", "copy"};

// Nanoseconds a packet.
struct Floors {
  double rx_ns = 0;      // taken from the port, all its cache lines read, freed
  double decode_ns = 0;  // headers in the first-level cache, as plain RTP takes it
  double hash_ns = 0;    // of the flow's key
  double lookup_ns = 0;  // a bucket and a key, in random order
  double update_ns = 0;  // RTP statistics: a cache line read and written, in random order
  double copy_ns = 0;    // 178 bytes to the end of a chunk, in random order

  [[nodiscard]] std::array<double, 6> all() const {
    return {rx_ns, decode_ns, hash_ns, lookup_ns, update_ns, copy_ns};
  }

  [[nodiscard]] double sum() const {
    double out = 0;
    for (const double ns : all()) out += ns;
    return out;
  }
};

// All mbufs of `port` are free, and its ring is empty.
Floors measure_floors(const engine::Port& port, std::uint32_t stream_count);

}  // namespace tapdeck::load
