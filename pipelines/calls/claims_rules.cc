#include "pipelines/calls/claims_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/message_numbers.h"

namespace tapdeck::calls {
namespace {

// Adds `item` unless one that is the same, as `same` says, is there.
template <typename T, typename Same, typename Make>
void add_once(std::vector<T>& items, std::size_t max, CallClaims& claims, Same same, Make make) {
  if (std::any_of(items.begin(), items.end(), same)) return;
  if (items.size() < max) {
    items.push_back(make());
  } else {
    ++claims.left_out;
  }
}

void note_identities(const SeenMessage& message, std::uint8_t party, CallClaims& claims) {
  for (const IdentityFacts& facts : message.facts.claims->identities) {
    add_once(
        claims.identities,
        kIdentitiesMax,
        claims,
        [&](const CallIdentity& known) {
          return known.source == facts.source && known.party == party && known.raw == facts.raw;
        },
        [&] {
          CallIdentity identity;
          identity.source = facts.source;
          identity.party = party;
          identity.number = facts.person.number;
          identity.e164 = MessageNumbers(message).e164(facts.person);
          identity.name = facts.person.name;
          identity.uri = facts.person.uri;
          identity.reason = facts.reason;
          identity.privacy = facts.privacy;
          identity.screen = facts.screen;
          identity.raw = facts.raw;
          return identity;
        });
  }
}

CallPassport passport_of(const sip::Passport& facts) {
  CallPassport passport;
  if (facts.attestation != '\0') passport.attestation = facts.attestation;
  passport.origid = facts.origid;
  passport.orig = facts.orig;
  for (std::size_t i = 0; i < facts.destination_count; ++i) {
    passport.destinations.emplace_back(facts.destinations[i]);
  }
  constexpr std::int64_t kSecondsMax = INT64_MAX / 1'000'000;
  if (facts.issued_s && *facts.issued_s <= kSecondsMax) {
    passport.issued_us = *facts.issued_s * 1'000'000;
  }
  passport.ppt = facts.ppt;
  passport.alg = facts.alg;
  passport.info = facts.info;
  passport.raw = facts.token.substr(0, kRawPassportMax);
  return passport;
}

void note_reasons(const MessageFacts& message, CallClaims& claims) {
  std::array<char, 4> digits{};
  std::string_view of = message.method_name.substr(0, 32);
  if (!message.is_request) {
    std::uint16_t status = message.status;
    for (std::size_t i = 3; i-- > 0; status = static_cast<std::uint16_t>(status / 10)) {
      digits[i] = static_cast<char>('0' + status % 10);
    }
    of = {digits.data(), 3};
  }
  for (const ReasonFacts& facts : message.claims->reasons) {
    add_once(
        claims.reasons,
        kReasonsMax,
        claims,
        [&](const CallReason& known) { return known.of == of && known.raw == facts.raw; },
        [&] {
          return CallReason{std::string(facts.reason.protocol),
                            facts.reason.cause,
                            std::string(facts.reason.text),
                            std::string(of),
                            std::string(facts.raw)};
        });
  }
}

void note_session(const ClaimsFacts& facts, std::uint8_t party, CallClaims& claims) {
  if (!facts.session) return;
  std::string_view local = facts.session->local;
  std::string_view remote = facts.session->remote;
  if (party != kCallerParty) std::swap(local, remote);
  if (claims.session_raw.empty()) claims.session_raw = facts.session_raw;
  if (claims.session_local.empty()) claims.session_local = local;
  if (claims.session_remote.empty()) claims.session_remote = remote;
}

void note_charging(const ClaimsFacts& facts, CallClaims& claims) {
  if (!facts.charging) return;
  if (claims.icid.empty()) {
    claims.icid = facts.charging->icid.substr(0, kRawMax);
    claims.icid_generated_at = facts.charging->generated_at.substr(0, kRawMax);
    claims.charging_raw = facts.charging_raw;
  }
  // The far network's is in the response.
  if (claims.orig_ioi.empty()) claims.orig_ioi = facts.charging->orig_ioi.substr(0, kRawMax);
  if (claims.term_ioi.empty()) claims.term_ioi = facts.charging->term_ioi.substr(0, kRawMax);
}

bool is_known_number(const LiveCall& state, std::string_view number, std::string_view e164) {
  const auto is_it = [&](std::string_view other, std::string_view other_e164) {
    return other == number || (!e164.empty() && other_e164 == e164);
  };
  return is_it(state.dialled, state.dialled_e164) ||
         std::ranges::any_of(state.parties.all(),
                             [&](const Party& party) { return is_it(party.number, party.e164); });
}

bool tells_nothing(const ClaimsFacts& facts) {
  return facts.identities.size() == 0 && facts.passports.size() == 0 && facts.reasons.size() == 0 &&
         facts.headers.size() == 0 && !facts.session && !facts.charging && facts.left_out == 0;
}

}  // namespace

void note_claims(LiveCall& state, const SeenMessage& message, std::uint8_t party) {
  const ClaimsFacts& facts = *message.facts.claims;
  if (tells_nothing(facts)) return;
  if (!state.claims) state.claims = std::make_unique<CallClaims>();
  CallClaims& claims = *state.claims;
  note_identities(message, party, claims);
  note_session(facts, party, claims);
  note_charging(facts, claims);
  note_reasons(message.facts, claims);
  for (const sip::Passport& passport : facts.passports) {
    const std::string_view raw = passport.token.substr(0, kRawPassportMax);
    add_once(
        claims.passports,
        kPassportsMax,
        claims,
        [&](const CallPassport& known) { return known.raw == raw; },
        [&] { return passport_of(passport); });
  }
  for (const HeaderFacts& header : facts.headers) {
    add_once(
        claims.headers,
        kKeptHeadersMax,
        claims,
        [&](const CallHeader& known) {
          return known.name == header.name && known.value == header.value && known.party == party;
        },
        [&] {
          return CallHeader{std::string(header.name), std::string(header.value), party};
        });
  }
  claims.left_out += facts.left_out;
}

void note_target(LiveCall& state, const SeenMessage& answer, std::uint8_t party) {
  const std::string_view target = state.invites.target_of(answer.facts);
  if (!is_dialable(target)) return;
  const std::string e164(MessageNumbers(answer).e164(target));
  if (is_known_number(state, target, e164)) return;
  if (!state.claims) state.claims = std::make_unique<CallClaims>();
  add_once(
      state.claims->identities,
      kIdentitiesMax,
      *state.claims,
      [&](const CallIdentity& known) {
        return known.source == IdentitySource::kTarget && known.number == target;
      },
      [&] {
        CallIdentity identity;
        identity.source = IdentitySource::kTarget;
        identity.party = party;
        identity.number = target;
        identity.e164 = e164;
        return identity;
      });
}

}  // namespace tapdeck::calls
