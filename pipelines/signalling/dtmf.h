// Blanks the keys that a person pressed in a copy of a SIP message, in place and at equal length,
// so that Content-Length and offsets stay.  Bodies that tell of keys, whole or as parts of a
// multipart body, whatever the case of letters:
// - types with "dtmf" or "digits" in their name, as application/dtmf-relay, application/dtmf and
//   application/vnd.nortelnetworks.digits: all values but durations and volumes.
// - .../telephone-event: the event codes of RFC 4733 (kMaskedEvent), or all of a text.
// - XML, as application/kpml-response+xml (RFC 4730), MSCML (RFC 5022) and MSML (RFC 5707):
//   attributes and elements that are named digits, digit or dtmf, values of dtmf.… variables.
// - any other: lines `Signal=5`.
// A body of the first three kinds that is encoded (gzip, base64) is blanked whole.
// Works on the bytes, not on a parsed message: malformed and truncated messages are blanked, too.
// Threads: any.  Memory: none.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace tapdeck::sip {

// Returns the number of bytes overwritten, with kBlank (secrets.h) or kMaskedEvent.  Headers and
// line ends stay.
std::size_t blank_dtmf(MutableByteView message);

}  // namespace tapdeck::sip
