// Whether this build is checked by AddressSanitizer, which replaces the heap and answers for it:
// pools step aside for it, and what memory takes cannot be measured.
// Threads: any; a constant.  Memory: none.
#pragma once

namespace tapdeck {

#if defined(__SANITIZE_ADDRESS__)  // g++
constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif
#else
constexpr bool kAddressSanitizer = false;
#endif

}  // namespace tapdeck
