// A SIP message that is all there, for the tests of what carries such.
// Threads: any.  Memory: none.
#pragma once

#include <string_view>

namespace tapdeck::sip {

constexpr std::string_view kSipMessage = "OPTIONS sip:a SIP/2.0\r\nVia: x\r\nl: 0\r\n\r\n";

}  // namespace tapdeck::sip
