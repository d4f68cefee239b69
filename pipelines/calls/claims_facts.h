// What rare header fields of one SIP message claim, read: identities, PASSporTs, Session-ID,
// P-Charging-Vector, Reason and the header fields that the configuration names.
//
// Threads: a reader belongs to one thread.  Memory: the reader's own, about 14 KiB, made with the
// first message that has any of it; texts borrow the message or the reader, until the next read().
// Bad values: left out.  Bounds: below; what is beyond is counted in left_out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/call_claims.h"
#include "pipelines/calls/person_facts.h"
#include "pipelines/signalling/fields.h"
#include "pipelines/signalling/identity_fields.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/passport.h"

namespace tapdeck::calls {

constexpr std::size_t kIdentitiesPerMessageMax = 12;
constexpr std::size_t kPassportsPerMessageMax = 2;
constexpr std::size_t kReasonsPerMessageMax = 4;
constexpr std::size_t kHeadersPerMessageMax = 16;
constexpr std::size_t kRawMax = 512;  // bytes kept of a value as it stands
constexpr std::size_t kRawPassportMax = 2'048;

// Names of header fields, looked up once.  Those that the parser has no id for are compared by
// name.
class HeaderNames {
 public:
  explicit HeaderNames(std::vector<std::string> names);

  [[nodiscard]] std::uint64_t bits() const { return bits_; }  // sip::header_bit() of any of them

  [[nodiscard]] const std::vector<std::string>& all() const { return names_; }

  // The index of the name that this header has.
  [[nodiscard]] std::optional<std::size_t> find(const sip::Header& header) const;

 private:
  std::vector<std::string> names_;
  std::vector<sip::HeaderId> ids_;
  std::uint64_t bits_ = 0;
};

// As the configuration has them; the same names for every reader.
struct HeaderChoice {
  HeaderNames kept{{}};
  HeaderNames conversation{{}};  // whose value names a conversation
  HeaderNames policy{{}};        // that rules of policy ask for

  [[nodiscard]] std::uint64_t bits() const {
    return kept.bits() | conversation.bits() | policy.bits();
  }
};

struct IdentityFacts {
  IdentitySource source = IdentitySource::kAsserted;
  PersonFacts person;
  std::string_view reason;
  std::string_view privacy;
  std::string_view screen;
  std::string_view raw;
};

struct HeaderFacts {
  std::string_view name;  // as configured
  std::size_t index = 0;  // of the name among those configured
  std::string_view value;
};

// At most `kMax` of them.
template <typename T, std::size_t kMax>
class Few {
 public:
  // nullptr: there is no room.
  T* add() { return count_ == kMax ? nullptr : &items_[count_++]; }

  void clear() { count_ = 0; }

  [[nodiscard]] const T* begin() const { return items_.data(); }

  [[nodiscard]] const T* end() const { return items_.data() + count_; }

  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  std::array<T, kMax> items_{};
  std::size_t count_ = 0;
};

struct ReasonFacts {
  sip::Reason reason;
  std::string_view raw;
};

struct ClaimsFacts {
  Few<IdentityFacts, kIdentitiesPerMessageMax> identities;
  Few<sip::Passport, kPassportsPerMessageMax> passports;
  Few<ReasonFacts, kReasonsPerMessageMax> reasons;
  Few<HeaderFacts, kHeadersPerMessageMax> headers;
  Few<HeaderFacts, kHeadersPerMessageMax> conversation_headers;
  Few<HeaderFacts, kHeadersPerMessageMax> policy_headers;
  std::optional<sip::SessionIdField> session;
  std::string_view session_raw;
  std::optional<sip::ChargingVector> charging;
  std::string_view charging_raw;
  std::uint32_t left_out = 0;

  // Connected identity: of the first Remote-Party-ID, where nothing is asserted.
  [[nodiscard]] const IdentityFacts* find(IdentitySource source) const;
};

class ClaimsReader {
 public:
  // Headers with which read() has something to do, those of a choice aside.
  static const std::uint64_t kBits;

  const ClaimsFacts& read(const sip::Message& message, const HeaderChoice& choice);

 private:
  void read_identities(const sip::Message& message, sip::HeaderId header, IdentitySource source);
  void read_passports(const sip::Message& message);
  void read_reasons(const sip::Message& message);
  void read_chosen(const sip::Message& message, const HeaderChoice& choice);
  std::string_view raw(std::string_view value, std::size_t bytes_max = kRawMax);

  ClaimsFacts facts_;
  Scratch scratch_;
  std::array<sip::PassportReader, kPassportsPerMessageMax> passport_readers_;
};

}  // namespace tapdeck::calls
