// Random numbers that are the same on every machine for one seed: the standard library's
// distributions are not.
// Threads: one owner.  Memory: none.
#pragma once

#include <cmath>
#include <cstdint>

namespace tapdeck::traffic {

inline std::int64_t ns_of(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // SplitMix64.
  std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15ULL);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }

  // 0 to count - 1.
  std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>((next() >> 32) * count >> 32);
  }

  // In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  bool chance_pct(double pct) { return unit() * 100.0 < pct; }

  double exponential(double mean) { return -mean * std::log1p(-unit()); }

 private:
  std::uint64_t state_;
};

}  // namespace tapdeck::traffic
