// A fast 64-bit hash for in-memory tables, keyed by a seed chosen at start so that a sender cannot
// aim at one bucket. Not for disk formats and not for identity: those use SHA-256. Threads: any.
// Memory: none.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace tapdeck {

// 64x64 -> 128 bit multiply folded to 64 bits: the mixing step of the multiply-fold hash family.
inline std::uint64_t mix64(std::uint64_t a, std::uint64_t b) {
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash_bytes(ByteView bytes, std::uint64_t seed) {
  constexpr std::uint64_t kOdd1 = 0x9e3779b97f4a7c15ULL;
  constexpr std::uint64_t kOdd2 = 0xd6e8feb86659fd93ULL;
  std::uint64_t state = mix64(seed ^ kOdd1, bytes.size() ^ kOdd2);
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) state = mix64(state ^ load_le<std::uint64_t>(at), kOdd1);
  if (left > 0) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, at, left);
    state = mix64(state ^ tail, kOdd2);
  }
  return mix64(state, kOdd2);
}

inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  return hash_bytes(as_bytes(text), seed);
}

}  // namespace tapdeck
