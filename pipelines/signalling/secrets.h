// Blanks key material in a copy of a SIP message, in place and at equal length, so that nothing
// that is stored or shown can decrypt media: the inline: keys of a=crypto (RFC 4568), a=key-mgmt
// payloads (RFC 4567), k= lines, and a=key-salt like attributes.
// Works on the bytes, not on a parsed message: malformed, multipart and truncated messages are
// blanked too.  Threads: any.  Memory: none.  Every byte that is stored or shown passes it.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace tapdeck::sip {

constexpr char kBlank = 'x';

// Returns the number of bytes overwritten.  Lengths, line ends and everything else stay.
std::size_t blank_secrets(MutableByteView message);

}  // namespace tapdeck::sip
