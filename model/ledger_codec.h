// Versioned encoding of the journal's contents: Protocol Buffers (model/ledger.proto).  Readers are
// strict: a content is understood whole or refused by name, because holds and erasures are restored
// from it; equal contents have equal bytes, and no others are accepted. Threads: any.  Memory:
// returns strings and structs.  Bad bytes: a verdict, and `content` is left as it was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/ledger_content.h"

namespace tapdeck {

constexpr std::uint32_t kLedgerEncoding = 1;  // of the contents that this version writes

enum class LedgerVerdict : std::uint8_t {
  kGood = 0,
  kUnknownType,      // of an entry: a newer writer
  kUnknownEncoding,  // of the content: a newer writer
  kUnknownField,     // or a known one in a form that no writer has
  kMalformed,        // no Protocol Buffers
  kOutOfRange,       // a number or an enumerator that cannot be, or one that must be and is not
  kTooLong,          // beyond a limit of ledger_content.h
  kUnordered,        // uids or keys not ascending
  kWrongSubject,     // a call where none may be named, or none where one must be
};

std::string_view ledger_verdict_name(LedgerVerdict verdict);  // "good", "unknown_type"…

// Whether `content` of an entry about `subject` (nil: no call) may be written and will be read.
LedgerVerdict check_ledger_content(const LedgerContent& content, const Uid& subject);

std::string encode_ledger_content(const LedgerContent& content);

LedgerVerdict decode_ledger_content(std::uint16_t type,
                                    const Uid& subject,
                                    std::string_view bytes,
                                    LedgerContent& content);

}  // namespace tapdeck
