// Names of SIP methods and header fields: enums, their text, compact forms (RFC 3261 section 7.3.3
// and the IANA registry) and which fields are comma-separated lists.
// Threads: any; constant tables.  Memory: none.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapdeck::sip {

enum class Method : std::uint8_t {
  kInvite,
  kAck,
  kBye,
  kCancel,
  kOptions,
  kRegister,
  kPrack,
  kUpdate,
  kInfo,
  kRefer,
  kSubscribe,
  kNotify,
  kMessage,
  kPublish,
  kOther
};

// Exact and case-sensitive, as RFC 3261 has it: "INVITE1" and "invite" are kOther.
Method method_of(std::string_view token);
std::string_view method_name(Method method);  // kOther: "OTHER"

enum class HeaderId : std::uint8_t {
  kOther,
  kVia,
  kFrom,
  kTo,
  kCallId,
  kCSeq,
  kMaxForwards,
  kContact,
  kContentType,
  kContentLength,
  kContentEncoding,
  kContentDisposition,
  kRoute,
  kRecordRoute,
  kReason,
  kReplaces,
  kReferTo,
  kReferredBy,
  kReferSub,
  kTargetDialog,
  kJoin,
  kPAssertedIdentity,
  kPPreferredIdentity,
  kRemotePartyId,
  kDiversion,
  kHistoryInfo,
  kPrivacy,
  kPChargingVector,
  kPCalledPartyId,
  kUserAgent,
  kServer,
  kSessionExpires,
  kMinSe,
  kSessionId,
  kExpires,
  kRSeq,
  kRAck,
  kRequire,
  kSupported,
  kUnsupported,
  kProxyRequire,
  kAllow,
  kAllowEvents,
  kEvent,
  kSubscriptionState,
  kSubject,
  kAuthorization,
  kProxyAuthorization,
  kWwwAuthenticate,
  kProxyAuthenticate,
  kIdentity,
  kIdentityInfo,
  kRequestDisposition,
  kAcceptContact,
  kRejectContact,
  kAccept,
  kWarning,
  kRetryAfter,
  kDate,
  kTimestamp,
  kUserToUser,
  kMimeVersion,
  kCount
};

// Of a set of headers in one word, as Message::has_any() takes it.
constexpr std::uint64_t header_bit(HeaderId id) {
  static_assert(static_cast<unsigned>(HeaderId::kCount) <= 64);
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

// Case-insensitive, long or compact form; kOther when unknown.
HeaderId header_id_of(std::string_view name);
std::string_view header_name(HeaderId id);  // long form; kOther: "other"

// True when several values may stand in one line, separated by commas.
bool header_is_list(HeaderId id);

}  // namespace tapdeck::sip
