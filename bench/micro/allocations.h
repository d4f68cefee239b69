// Counts this program's calls of the allocator, for benchmarks that must make none.  Include it in
// one file of a program: it defines malloc.
// Threads: each counts its own.  Memory: none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapdeck::bench {

inline thread_local std::uint64_t allocations = 0;

}  // namespace tapdeck::bench

// glibc's own allocator under a counter: operator new, and DPDK's C code, end here.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

inline __attribute__((used)) void* malloc(std::size_t bytes) noexcept {
  ++tapdeck::bench::allocations;
  return __libc_malloc(bytes);
}

inline __attribute__((used)) void* calloc(std::size_t count, std::size_t bytes) noexcept {
  ++tapdeck::bench::allocations;
  return __libc_calloc(count, bytes);
}

inline __attribute__((used)) void* realloc(void* old, std::size_t bytes) noexcept {
  ++tapdeck::bench::allocations;
  return __libc_realloc(old, bytes);
}

// Of operator new for types that are aligned by more than malloc() aligns.
inline __attribute__((used)) void* aligned_alloc(std::size_t alignment,
                                                 std::size_t bytes) noexcept {
  ++tapdeck::bench::allocations;
  return __libc_memalign(alignment, bytes);
}

inline __attribute__((used)) int posix_memalign(void** out,
                                                std::size_t alignment,
                                                std::size_t bytes) noexcept {
  ++tapdeck::bench::allocations;
  *out = __libc_memalign(alignment, bytes);
  return *out == nullptr ? 12 : 0;  // ENOMEM
}
}
