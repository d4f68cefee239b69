// A request about the life of recordings as it travels in a kAdminister frame: a kind, then the
// fields of its struct in pipelines/retention/requests.h.
//
// Threads: any; pure functions.  Memory: returns values, at most kRequestBytesMax of bytes.  Bad
// bytes: nullopt, never a partial value; what does not fit a frame: kInvalidArgument.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "pipelines/retention/requests.h"

namespace tapdeck::control {

// So many fit a request beside its texts.
constexpr std::size_t kSelectedUidsMax = 3'000;

struct ListHoldsRequest {};

struct ApplyRequest {};

struct ConfirmClockRequest {};

// With which certificates are signed.
struct PublicKeyRequest {};

struct ConfirmRebuildRequest {};

// The index, plus one, is the kind that travels.
using RetentionRequest = std::variant<retention::HoldRequest,
                                      retention::ReleaseRequest,
                                      ListHoldsRequest,
                                      retention::PlanRequest,
                                      ApplyRequest,
                                      ConfirmClockRequest,
                                      retention::ExtendRequest,
                                      retention::EraseRequest,
                                      retention::AnnotateRequest,
                                      retention::JournalRequest,
                                      retention::BackupRequest,
                                      PublicKeyRequest,
                                      retention::ExportRequest,
                                      ConfirmRebuildRequest>;

// kInvalidArgument: texts or selections are longer than those of the journal, or than a frame.
Result<std::string> encode_retention_request(const RetentionRequest& request);

// What decodes keeps to all bounds: texts of the journal, enumerators, parts, one selection of two.
std::optional<RetentionRequest> decode_retention_request(std::string_view bytes);

}  // namespace tapdeck::control
