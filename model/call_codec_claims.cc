#include "model/call_codec_claims.h"

#include <cstring>
#include <limits>

namespace tapdeck {
namespace {

void write_identity(const CallIdentity& identity, wire::IdentityV1* to) {
  to->set_source(static_cast<std::uint32_t>(identity.source));
  if (identity.party) to->set_party(*identity.party);
  to->set_number(identity.number);
  to->set_e164(identity.e164);
  to->set_name(identity.name);
  to->set_uri(identity.uri);
  to->set_reason(identity.reason);
  to->set_privacy(identity.privacy);
  to->set_screen(identity.screen);
  to->set_raw(identity.raw);
}

void write_passport(const CallPassport& passport, wire::PassportV1* to) {
  to->set_attestation(passport.attestation);
  to->set_origid(passport.origid);
  to->set_orig(passport.orig);
  for (const std::string& destination : passport.destinations) to->add_destinations(destination);
  if (passport.issued_us) to->set_issued_us(*passport.issued_us);
  to->set_ppt(passport.ppt);
  to->set_alg(passport.alg);
  to->set_info(passport.info);
  to->set_raw(passport.raw);
}

void write_reason(const CallReason& reason, wire::ReasonV1* to) {
  to->set_protocol(reason.protocol);
  if (reason.cause) to->set_cause(*reason.cause);
  to->set_text(reason.text);
  to->set_of(reason.of);
  to->set_raw(reason.raw);
}

template <typename To>
To narrow(std::uint32_t value, bool& good) {
  if (value > std::numeric_limits<To>::max()) good = false;
  return static_cast<To>(value);
}

template <typename Enum>
Enum enumerator(std::uint32_t value, Enum last, bool& good) {
  if (value > static_cast<std::uint32_t>(last)) good = false;
  return static_cast<Enum>(value);
}

CallIdentity read_identity(const wire::IdentityV1& from, bool& good) {
  CallIdentity identity;
  identity.source = enumerator(from.source(), kIdentitySourceLast, good);
  if (from.has_party()) identity.party = narrow<std::uint8_t>(from.party(), good);
  identity.number = from.number();
  identity.e164 = from.e164();
  identity.name = from.name();
  identity.uri = from.uri();
  identity.reason = from.reason();
  identity.privacy = from.privacy();
  identity.screen = from.screen();
  identity.raw = from.raw();
  return identity;
}

CallPassport read_passport(const wire::PassportV1& from) {
  CallPassport passport;
  passport.attestation = from.attestation();
  passport.origid = from.origid();
  passport.orig = from.orig();
  passport.destinations.assign(from.destinations().begin(), from.destinations().end());
  if (from.has_issued_us()) passport.issued_us = from.issued_us();
  passport.ppt = from.ppt();
  passport.alg = from.alg();
  passport.info = from.info();
  passport.raw = from.raw();
  return passport;
}

CallReason read_reason(const wire::ReasonV1& from, bool& good) {
  CallReason reason;
  reason.protocol = from.protocol();
  if (from.has_cause()) reason.cause = narrow<std::uint16_t>(from.cause(), good);
  reason.text = from.text();
  reason.of = from.of();
  reason.raw = from.raw();
  return reason;
}

}  // namespace

void write_claims(const CallClaims& claims, wire::ClaimsV1* to) {
  for (const CallIdentity& identity : claims.identities) {
    write_identity(identity, to->add_identities());
  }
  for (const CallPassport& passport : claims.passports) {
    write_passport(passport, to->add_passports());
  }
  for (const CallReason& reason : claims.reasons) write_reason(reason, to->add_reasons());
  for (const CallHeader& header : claims.headers) {
    wire::KeptHeaderV1* added = to->add_headers();
    added->set_name(header.name);
    added->set_value(header.value);
    if (header.party) added->set_party(*header.party);
  }
  to->set_left_out(claims.left_out);
  to->set_session_local(claims.session_local);
  to->set_session_remote(claims.session_remote);
  to->set_session_raw(claims.session_raw);
  to->set_icid(claims.icid);
  to->set_icid_generated_at(claims.icid_generated_at);
  to->set_orig_ioi(claims.orig_ioi);
  to->set_term_ioi(claims.term_ioi);
  to->set_charging_raw(claims.charging_raw);
}

void write_edge(const CallEdge& edge, wire::EdgeV1* to) {
  to->set_kind(static_cast<std::uint32_t>(edge.kind));
  to->set_outcome(static_cast<std::uint32_t>(edge.outcome));
  if (edge.uid) to->set_uid(edge.uid->bytes.data(), edge.uid->bytes.size());
  to->set_call_id(edge.call_id);
  to->set_from_tag(edge.from_tag);
  to->set_to_tag(edge.to_tag);
  to->set_number(edge.number);
  to->set_e164(edge.e164);
  to->set_uri(edge.uri);
  to->set_early(edge.early);
  if (edge.status_code) to->set_status_code(*edge.status_code);
  to->set_time_us(edge.time_us);
}

CallClaims read_claims(const wire::ClaimsV1& from, bool& good) {
  CallClaims claims;
  for (const auto& identity : from.identities()) {
    claims.identities.push_back(read_identity(identity, good));
  }
  for (const auto& passport : from.passports()) {
    claims.passports.push_back(read_passport(passport));
  }
  for (const auto& reason : from.reasons()) claims.reasons.push_back(read_reason(reason, good));
  for (const auto& header : from.headers()) {
    CallHeader& added = claims.headers.emplace_back();
    added.name = header.name();
    added.value = header.value();
    if (header.has_party()) added.party = narrow<std::uint8_t>(header.party(), good);
  }
  claims.left_out = from.left_out();
  claims.session_local = from.session_local();
  claims.session_remote = from.session_remote();
  claims.session_raw = from.session_raw();
  claims.icid = from.icid();
  claims.icid_generated_at = from.icid_generated_at();
  claims.orig_ioi = from.orig_ioi();
  claims.term_ioi = from.term_ioi();
  claims.charging_raw = from.charging_raw();
  return claims;
}

CallEdge read_edge(const wire::EdgeV1& from, bool& good) {
  CallEdge edge;
  edge.kind = enumerator(from.kind(), EdgeKind::kRedirectedFrom, good);
  edge.outcome = enumerator(from.outcome(), EdgeOutcome::kFailed, good);
  if (from.has_uid()) {
    edge.uid.emplace();
    good = good && from.uid().size() == edge.uid->bytes.size();
    if (good) std::memcpy(edge.uid->bytes.data(), from.uid().data(), edge.uid->bytes.size());
  }
  edge.call_id = from.call_id();
  edge.from_tag = from.from_tag();
  edge.to_tag = from.to_tag();
  edge.number = from.number();
  edge.e164 = from.e164();
  edge.uri = from.uri();
  edge.early = from.early();
  if (from.has_status_code()) {
    edge.status_code = narrow<std::uint16_t>(from.status_code(), good);
  }
  edge.time_us = from.time_us();
  return edge;
}

}  // namespace tapdeck
