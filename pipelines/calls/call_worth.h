// What would be lost with a call if it had to be given up; the least goes first.
// Threads: any.  Memory: none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapdeck::calls {

enum class CallWorth : std::uint8_t {
  kIdle,      // nobody has said anything to it, or only its end is waited for
  kRinging,   // there was a response
  kAnswered,  // or it has media
};

constexpr std::size_t kCallWorths = 3;

}  // namespace tapdeck::calls
