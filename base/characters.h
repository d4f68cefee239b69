// Kinds of characters in ASCII, whatever the locale.
// Threads: any.  Memory: none.
#pragma once

namespace tapdeck {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace tapdeck
