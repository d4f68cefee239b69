// Assertions for bugs, never for bad input: input that can be wrong gets a verdict, a counted drop
// or a Result. TD_ASSERT is always on and ends the process with its place; TD_DCHECK is for hot
// loops and only in debug builds; TD_UNREACHABLE marks what no value can reach. Threads: any.
// Memory: none.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tapdeck {

[[noreturn]] inline void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "tapdeck: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace tapdeck

#define TD_ASSERT(expression)              \
  (static_cast<bool>(expression) ? void(0) \
                                 : ::tapdeck::assert_failed(#expression, __FILE__, __LINE__))

#ifdef NDEBUG
#define TD_DCHECK(expression) void(0)
#else
#define TD_DCHECK(expression) TD_ASSERT(expression)
#endif

#define TD_UNREACHABLE(why) ::tapdeck::assert_failed("unreachable: " why, __FILE__, __LINE__)
