#include "model/call_claims.h"

#include <array>

namespace tapdeck {
namespace {

constexpr std::array<std::string_view, 6> kSources = {"p_asserted_identity",
                                                      "p_preferred_identity",
                                                      "remote_party_id",
                                                      "diversion",
                                                      "history_info",
                                                      "referred_by"};
constexpr std::array<std::string_view, 6> kKinds = {
    "transferred", "transferred_from", "replaces", "replaced_by", "redirected", "redirected_from"};
constexpr std::array<std::string_view, 6> kEdgeOutcomes = {
    "", "requested", "accepted", "refused", "succeeded", "failed"};

template <typename Enum>
std::string_view name_of(const std::array<std::string_view, 6>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < names.size() ? names[index] : std::string_view{};
}

}  // namespace

std::string_view identity_source_name(IdentitySource source) { return name_of(kSources, source); }

std::string_view edge_kind_name(EdgeKind kind) { return name_of(kKinds, kind); }

std::string_view edge_outcome_name(EdgeOutcome outcome) { return name_of(kEdgeOutcomes, outcome); }

}  // namespace tapdeck
