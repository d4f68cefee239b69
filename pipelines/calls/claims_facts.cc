#include "pipelines/calls/claims_facts.h"

#include <algorithm>
#include <utility>

namespace tapdeck::calls {
namespace {

using sip::header_bit;
using sip::HeaderId;

struct IdentityHeader {
  HeaderId header;
  IdentitySource source;
};

constexpr std::array kIdentityHeaders = {
    IdentityHeader{HeaderId::kPAssertedIdentity, IdentitySource::kAsserted},
    IdentityHeader{HeaderId::kPPreferredIdentity, IdentitySource::kPreferred},
    IdentityHeader{HeaderId::kRemotePartyId, IdentitySource::kRemoteParty},
    IdentityHeader{HeaderId::kDiversion, IdentitySource::kDiversion},
    IdentityHeader{HeaderId::kHistoryInfo, IdentitySource::kHistory},
    IdentityHeader{HeaderId::kReferredBy, IdentitySource::kReferredBy},
};

constexpr std::uint64_t identity_bits() {
  std::uint64_t bits = 0;
  for (const IdentityHeader& row : kIdentityHeaders) bits |= header_bit(row.header);
  return bits;
}

// RFC 7044: the cause stands in the URI, or in a Reason header that is escaped there.
std::string_view history_reason(const sip::NameAddr& address) {
  if (const auto cause = address.uri.param("cause")) return *cause;
  return address.uri.header("Reason").value_or(std::string_view());
}

}  // namespace

const std::uint64_t ClaimsReader::kBits =
    identity_bits() | header_bit(HeaderId::kIdentity) | header_bit(HeaderId::kSessionId) |
    header_bit(HeaderId::kPChargingVector) | header_bit(HeaderId::kReason);

HeaderNames::HeaderNames(std::vector<std::string> names) : names_(std::move(names)) {
  for (const std::string& name : names_) {
    ids_.push_back(sip::header_id_of(name));
    bits_ |= header_bit(ids_.back());
  }
}

std::optional<std::size_t> HeaderNames::find(const sip::Header& header) const {
  if ((bits_ & header_bit(header.id)) == 0) return std::nullopt;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (ids_[i] != header.id) continue;
    if (header.id != HeaderId::kOther || sip::iequals(names_[i], header.name)) return i;
  }
  return std::nullopt;
}

const IdentityFacts* ClaimsFacts::find(IdentitySource source) const {
  const auto* const found = std::find_if(
      identities.begin(), identities.end(), [source](const auto& x) { return x.source == source; });
  return found == identities.end() ? nullptr : found;
}

// Without its folds; mostly it has none and is borrowed.
std::string_view ClaimsReader::raw(std::string_view value, std::size_t bytes_max) {
  value = value.substr(0, bytes_max);
  if (sip::find_any(value, "\r\n") == std::string_view::npos) return value;
  return scratch_.take(value.size(), [value](char* to, std::size_t capacity) {
    return sip::copy_unfolded(value, to, capacity);
  });
}

void ClaimsReader::read_identities(const sip::Message& message,
                                   HeaderId header,
                                   IdentitySource source) {
  if (!message.has(header)) return;
  auto values = message.values(header);
  std::string_view value;
  while (values.next(value)) {
    const std::optional<sip::NameAddr> address = sip::parse_name_addr(value);
    if (!address) continue;
    IdentityFacts* const facts = facts_.identities.add();
    if (facts == nullptr) {
      ++facts_.left_out;
      continue;
    }
    *facts = {.source = source,
              .person = person_of(*address, scratch_),
              .reason = {},
              .privacy = {},
              .screen = {},
              .raw = raw(value)};
    if (source == IdentitySource::kDiversion) {
      facts->reason = address->param("reason").value_or(std::string_view());
    } else if (source == IdentitySource::kHistory) {
      facts->reason = history_reason(*address).substr(0, kRawMax);
    } else if (source == IdentitySource::kRemoteParty) {
      facts->privacy = address->param("privacy").value_or(std::string_view());
      facts->screen = address->param("screen").value_or(std::string_view());
    }
  }
}

void ClaimsReader::read_passports(const sip::Message& message) {
  auto values = message.values(HeaderId::kIdentity);
  std::string_view line;
  while (values.next(line)) {
    // RFC 8224 allows several in one line.
    std::string_view value;
    while (sip::take_list_element(line, value)) {
      if (facts_.passports.size() == kPassportsPerMessageMax) {
        ++facts_.left_out;
        return;
      }
      const auto passport = passport_readers_[facts_.passports.size()].read(value);
      if (passport) *facts_.passports.add() = *passport;
    }
  }
}

void ClaimsReader::read_reasons(const sip::Message& message) {
  auto values = message.values(HeaderId::kReason);
  std::string_view value;
  while (values.next(value)) {
    const std::optional<sip::Reason> reason = sip::parse_reason(value);
    if (!reason) continue;
    if (ReasonFacts* facts = facts_.reasons.add()) {
      *facts = {*reason, raw(value)};
    } else {
      ++facts_.left_out;
    }
  }
}

void ClaimsReader::read_chosen(const sip::Message& message, const HeaderChoice& choice) {
  if (!message.has_any(choice.bits())) return;
  for (std::size_t i = 0; i < message.header_count(); ++i) {
    const sip::Header header = message.header(i);
    if (const auto name = choice.kept.find(header)) {
      if (HeaderFacts* facts = facts_.headers.add()) {
        *facts = {choice.kept.all()[*name], *name, raw(header.value)};
      } else {
        ++facts_.left_out;
      }
    }
    if (const auto name = choice.policy.find(header)) {
      if (HeaderFacts* facts = facts_.policy_headers.add()) {
        *facts = {choice.policy.all()[*name], *name, raw(header.value)};
      }
    }
    const auto name = choice.conversation.find(header);
    if (!name || header.value.empty()) continue;
    if (HeaderFacts* facts = facts_.conversation_headers.add()) {
      *facts = {choice.conversation.all()[*name], *name, raw(header.value)};
    }
  }
}

const ClaimsFacts& ClaimsReader::read(const sip::Message& message, const HeaderChoice& choice) {
  facts_.identities.clear();
  facts_.passports.clear();
  facts_.reasons.clear();
  facts_.headers.clear();
  facts_.conversation_headers.clear();
  facts_.policy_headers.clear();
  facts_.session.reset();
  facts_.charging.reset();
  facts_.left_out = 0;
  scratch_.clear();
  if (message.has_any(identity_bits())) {
    for (const auto& [header, source] : kIdentityHeaders) read_identities(message, header, source);
  }
  if (message.has(HeaderId::kIdentity)) read_passports(message);
  if (message.has(HeaderId::kReason)) read_reasons(message);
  if (const auto value = message.first(HeaderId::kSessionId)) {
    facts_.session = sip::parse_session_id(*value);
    facts_.session_raw = raw(*value);
  }
  if (const auto value = message.first(HeaderId::kPChargingVector)) {
    facts_.charging = sip::parse_charging_vector(*value);
    facts_.charging_raw = raw(*value);
  }
  read_chosen(message, choice);
  return facts_;
}

}  // namespace tapdeck::calls
