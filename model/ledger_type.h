// The types of the journal's entries, and what follows from a type alone.
// Threads: plain values.  Memory: none.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapdeck {

// Stored; part of each leaf.  In the order of LedgerContent.
enum class LedgerType : std::uint16_t {
  kPolicyChange = 1,
  kClassChange = 2,
  kHold = 3,
  kRelease = 4,
  kExtension = 5,
  kErasure = 6,
  kExpiry = 7,
  kPause = 8,
  kResume = 9,
  kAnnotation = 10,
  kAccess = 11,
  kExport = 12,
  kConfirmation = 13,
  kRedaction = 14,
};
constexpr std::uint16_t kLedgerTypeMax = 14;

// "policy_change"…, as shown to users; "" for a number that is no type.
std::string_view ledger_type_name(std::uint16_t type);

// Whether an entry of this type names one call in its leaf.
enum class LedgerSubject : std::uint8_t { kNone, kCall, kEither };
LedgerSubject ledger_subject(LedgerType type);

// Of a type that is about a call: true where the content goes with the call's key (annotation,
// access, pause, resume), false where it must stay readable after it (erasure, extension,
// redaction).
bool goes_with_call(LedgerType type);

}  // namespace tapdeck
