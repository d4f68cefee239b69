// Asking memory for a cache line ahead of its use.  Not by __builtin_prefetch: g++ takes a function
// that does nothing else for one without effect and leaves its call out, and without an option of
// its own asks for lines to be read only, so that a store must ask again.
// Threads: any.  Memory: none; any address will do.  Processors without PREFETCHW take it for a
// no-op.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapdeck::engine {

constexpr std::size_t kLineBytes = 64;

inline void prefetch_to_read(const void* at) {
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const std::uint8_t*>(at)));
}

inline void prefetch_to_write(const void* at) {
  asm volatile("prefetchw %0" : : "m"(*static_cast<const std::uint8_t*>(at)));
}

}  // namespace tapdeck::engine
