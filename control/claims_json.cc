#include "control/claims_json.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "control/json_values.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

Json identity_to_json(const CallIdentity& identity) {
  return {{"source", identity_source_name(identity.source)},
          {"party", value_or_null(identity.party)},
          {"number", text_or_null(identity.number)},
          {"e164", text_or_null(identity.e164)},
          {"name", text_or_null(identity.name)},
          {"uri", text_or_null(identity.uri)},
          {"reason", text_or_null(identity.reason)},
          {"privacy", text_or_null(identity.privacy)},
          {"screen", text_or_null(identity.screen)},
          {"raw", text_or_null(identity.raw)}};
}

Json passport_to_json(const CallPassport& passport) {
  Json destinations = Json::array();
  for (const std::string& text : passport.destinations) {
    destinations.push_back(to_valid_utf8(text));
  }
  return {
      {"attestation", text_or_null(passport.attestation)},
      {"origid", text_or_null(passport.origid)},
      {"orig", text_or_null(passport.orig)},
      {"dest", std::move(destinations)},
      {"iat", passport.issued_us ? Json(format_rfc3339_us(*passport.issued_us)) : Json(nullptr)},
      {"ppt", text_or_null(passport.ppt)},
      {"alg", text_or_null(passport.alg)},
      {"info", text_or_null(passport.info)},
      {"verified", false},
      {"raw", text_or_null(passport.raw)}};
}

Json reason_to_json(const CallReason& reason) {
  return {{"protocol", text_or_null(reason.protocol)},
          {"cause", value_or_null(reason.cause)},
          {"text", text_or_null(reason.text)},
          {"of", text_or_null(reason.of)},
          {"raw", text_or_null(reason.raw)}};
}

Json header_to_json(const CallHeader& header) {
  return {{"name", text_or_null(header.name)},
          {"value", text_or_null(header.value)},
          {"party", value_or_null(header.party)}};
}

Json session_to_json(const CallClaims& claims) {
  if (claims.session_raw.empty()) return nullptr;
  return {{"local", text_or_null(claims.session_local)},
          {"remote", text_or_null(claims.session_remote)},
          {"raw", text_or_null(claims.session_raw)}};
}

Json charging_to_json(const CallClaims& claims) {
  if (claims.icid.empty()) return nullptr;
  return {{"icid", text_or_null(claims.icid)},
          {"icid_generated_at", text_or_null(claims.icid_generated_at)},
          {"orig_ioi", text_or_null(claims.orig_ioi)},
          {"term_ioi", text_or_null(claims.term_ioi)},
          {"raw", text_or_null(claims.charging_raw)}};
}

template <typename T, typename ToJson>
Json list_to_json(const std::vector<T>& items, ToJson to_json) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(to_json(item));
  return list;
}

// Of SHAKEN, else of whoever claims one.
std::string_view attestation_of(const CallClaims& claims) {
  std::string_view found;
  for (const CallPassport& passport : claims.passports) {
    if (passport.attestation.empty()) continue;
    if (passport.ppt == "shaken") return passport.attestation;
    if (found.empty()) found = passport.attestation;
  }
  return found;
}

Json edge_to_json(const CallEdge& edge) {
  return {{"kind", edge_kind_name(edge.kind)},
          {"call", edge.uid ? Json(to_string(*edge.uid)) : Json(nullptr)},
          {"call_id", text_or_null(edge.call_id)},
          {"from_tag", text_or_null(edge.from_tag)},
          {"to_tag", text_or_null(edge.to_tag)},
          {"number", text_or_null(edge.number)},
          {"e164", text_or_null(edge.e164)},
          {"uri", text_or_null(edge.uri)},
          {"early", edge.early},
          {"outcome", text_or_null(edge_outcome_name(edge.outcome))},
          {"status_code", value_or_null(edge.status_code)},
          {"time", format_rfc3339_us(edge.time_us)}};
}

Json first_edge(const CallRecord& call, EdgeKind kind) {
  for (const CallEdge& edge : call.edges) {
    if (edge.kind == kind) return edge_to_json(edge);
  }
  return nullptr;
}

}  // namespace

void add_claims(const CallRecord& call, Json& json) {
  static const CallClaims kNone{};
  const CallClaims& claims = call.claims ? *call.claims : kNone;
  json["identities"] = list_to_json(claims.identities, identity_to_json);
  json["attestation"] = text_or_null(attestation_of(claims));
  json["passports"] = list_to_json(claims.passports, passport_to_json);
  json["session_id"] = session_to_json(claims);
  json["charging_vector"] = charging_to_json(claims);
  json["reason_headers"] = list_to_json(claims.reasons, reason_to_json);
  json["headers"] = list_to_json(claims.headers, header_to_json);
  json["claims_left_out"] = claims.left_out;
}

void add_edges(const CallRecord& call, Json& json) {
  json["replaces"] = first_edge(call, EdgeKind::kReplaces);
  json["replaced_by"] = first_edge(call, EdgeKind::kReplacedBy);
  json["edges"] = list_to_json(call.edges, edge_to_json);
}

Json transfer_to_json(const CallRecord& call) {
  if (!call.transferred) return nullptr;
  const CallTransfer& transfer = *call.transferred;
  Json json = {{"to", text_or_null(transfer.to)},
               {"by", text_or_null(transfer.by)},
               {"kind", text_or_null(transfer.kind)},
               {"to_e164", text_or_null(transfer.to_e164)}};
  // The latest one to that target.
  const auto edge = std::find_if(call.edges.rbegin(), call.edges.rend(), [&](const CallEdge& each) {
    return each.kind == EdgeKind::kTransferred &&
           (each.number == transfer.to || each.uri == transfer.to);
  });
  const bool told = edge != call.edges.rend();
  json["outcome"] = told ? text_or_null(edge_outcome_name(edge->outcome)) : Json(nullptr);
  json["status_code"] = told ? value_or_null(edge->status_code) : Json(nullptr);
  json["call"] = told && edge->uid ? Json(to_string(*edge->uid)) : Json(nullptr);
  json["call_id"] = told ? text_or_null(edge->call_id) : Json(nullptr);
  return json;
}

}  // namespace tapdeck::control
