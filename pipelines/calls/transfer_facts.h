// What one SIP message says of other calls: REFER and what became of it, Replaces, redirections.
//
// Threads: plain value.  Memory: texts borrow the message or the Scratch that read_transfer() was
// given.  Bad values: left out.
// RFC 3515, 3891, 3892, 4538, 3261 section 21.3; RFC 3420 for the status in a NOTIFY.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pipelines/calls/person_facts.h"
#include "pipelines/signalling/fields.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::calls {

constexpr std::size_t kRedirectsPerMessageMax = 4;

struct TransferFacts {
  std::optional<PersonFacts> refer_to;     // of a REFER
  std::optional<sip::Replaces> target;     // of a REFER outside of the dialog that it is about
  std::optional<PersonFacts> referred_by;  // of an INVITE
  // Of an initial INVITE, or within the Refer-To.
  std::optional<sip::Replaces> replaces;
  std::optional<std::uint16_t> notified_status;  // of the INVITE that a REFER asked for
  std::array<PersonFacts, kRedirectsPerMessageMax> redirects{};  // of a 3xx to an INVITE
  std::size_t redirect_count = 0;
};

// True when read_transfer() may find something.
bool may_tell_of_transfer(const sip::Message& message);

TransferFacts read_transfer(const sip::Message& message, Scratch& scratch);

}  // namespace tapdeck::calls
