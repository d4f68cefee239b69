#include "model/ledger_content.h"

namespace tapdeck {
namespace {

constexpr std::array<std::string_view, kLedgerTypeMax> kTypes = {"policy_change",
                                                                 "class_change",
                                                                 "hold",
                                                                 "release",
                                                                 "extension",
                                                                 "erasure",
                                                                 "expiry",
                                                                 "pause",
                                                                 "resume",
                                                                 "annotation",
                                                                 "access",
                                                                 "export",
                                                                 "confirmation",
                                                                 "redaction"};

}  // namespace

std::string_view ledger_type_name(std::uint16_t type) {
  return type == 0 || type > kLedgerTypeMax ? std::string_view() : kTypes[type - 1U];
}

LedgerSubject ledger_subject(LedgerType type) {
  switch (type) {
    case LedgerType::kExtension:
    case LedgerType::kErasure:
    case LedgerType::kPause:
    case LedgerType::kResume:
    case LedgerType::kRedaction:
    case LedgerType::kAnnotation: return LedgerSubject::kCall;
    case LedgerType::kAccess: return LedgerSubject::kEither;
    case LedgerType::kPolicyChange:
    case LedgerType::kClassChange:
    case LedgerType::kHold:
    case LedgerType::kRelease:
    case LedgerType::kExpiry:
    case LedgerType::kExport:
    case LedgerType::kConfirmation: break;
  }
  return LedgerSubject::kNone;
}

bool goes_with_call(LedgerType type) {
  return type == LedgerType::kPause || type == LedgerType::kResume ||
         type == LedgerType::kAnnotation || type == LedgerType::kAccess;
}

}  // namespace tapdeck
