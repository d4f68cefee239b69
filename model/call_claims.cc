#include "model/call_claims.h"

#include <array>

#include "model/enum_names.h"

namespace tapdeck {
namespace {

constexpr std::array<std::string_view, 7> kSources = {"p_asserted_identity",
                                                      "p_preferred_identity",
                                                      "remote_party_id",
                                                      "diversion",
                                                      "history_info",
                                                      "referred_by",
                                                      "request_uri"};
constexpr std::array<std::string_view, 6> kKinds = {
    "transferred", "transferred_from", "replaces", "replaced_by", "redirected", "redirected_from"};
constexpr std::array<std::string_view, 6> kEdgeOutcomes = {
    "", "requested", "accepted", "refused", "succeeded", "failed"};

}  // namespace

std::string_view identity_source_name(IdentitySource source) { return name_of(kSources, source); }

std::string_view edge_kind_name(EdgeKind kind) { return name_of(kKinds, kind); }

std::string_view edge_outcome_name(EdgeOutcome outcome) { return name_of(kEdgeOutcomes, outcome); }

}  // namespace tapdeck
