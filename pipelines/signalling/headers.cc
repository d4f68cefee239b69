#include "pipelines/signalling/headers.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

struct MethodRow {
  std::string_view name;
  Method method;
};

constexpr std::array kMethods = {
    MethodRow{"INVITE", Method::kInvite},
    MethodRow{"ACK", Method::kAck},
    MethodRow{"BYE", Method::kBye},
    MethodRow{"CANCEL", Method::kCancel},
    MethodRow{"OPTIONS", Method::kOptions},
    MethodRow{"REGISTER", Method::kRegister},
    MethodRow{"PRACK", Method::kPrack},
    MethodRow{"UPDATE", Method::kUpdate},
    MethodRow{"INFO", Method::kInfo},
    MethodRow{"REFER", Method::kRefer},
    MethodRow{"SUBSCRIBE", Method::kSubscribe},
    MethodRow{"NOTIFY", Method::kNotify},
    MethodRow{"MESSAGE", Method::kMessage},
    MethodRow{"PUBLISH", Method::kPublish},
};

struct HeaderRow {
  std::string_view name;
  HeaderId id;
  char compact;  // '\0': none
  bool is_list;
};

constexpr std::array kHeaders = {
    HeaderRow{"Via", HeaderId::kVia, 'v', true},
    HeaderRow{"From", HeaderId::kFrom, 'f', false},
    HeaderRow{"To", HeaderId::kTo, 't', false},
    HeaderRow{"Call-ID", HeaderId::kCallId, 'i', false},
    HeaderRow{"CSeq", HeaderId::kCSeq, '\0', false},
    HeaderRow{"Max-Forwards", HeaderId::kMaxForwards, '\0', false},
    HeaderRow{"Contact", HeaderId::kContact, 'm', true},
    HeaderRow{"Content-Type", HeaderId::kContentType, 'c', false},
    HeaderRow{"Content-Length", HeaderId::kContentLength, 'l', false},
    HeaderRow{"Content-Encoding", HeaderId::kContentEncoding, 'e', true},
    HeaderRow{"Content-Disposition", HeaderId::kContentDisposition, '\0', false},
    HeaderRow{"Route", HeaderId::kRoute, '\0', true},
    HeaderRow{"Record-Route", HeaderId::kRecordRoute, '\0', true},
    HeaderRow{"Reason", HeaderId::kReason, '\0', true},
    HeaderRow{"Replaces", HeaderId::kReplaces, '\0', false},
    HeaderRow{"Refer-To", HeaderId::kReferTo, 'r', false},
    HeaderRow{"Referred-By", HeaderId::kReferredBy, 'b', false},
    HeaderRow{"Refer-Sub", HeaderId::kReferSub, '\0', false},
    HeaderRow{"Target-Dialog", HeaderId::kTargetDialog, '\0', false},
    HeaderRow{"Join", HeaderId::kJoin, '\0', false},
    HeaderRow{"P-Asserted-Identity", HeaderId::kPAssertedIdentity, '\0', true},
    HeaderRow{"P-Preferred-Identity", HeaderId::kPPreferredIdentity, '\0', true},
    HeaderRow{"Remote-Party-ID", HeaderId::kRemotePartyId, '\0', true},
    HeaderRow{"Diversion", HeaderId::kDiversion, '\0', true},
    HeaderRow{"History-Info", HeaderId::kHistoryInfo, '\0', true},
    HeaderRow{"Privacy", HeaderId::kPrivacy, '\0', false},
    HeaderRow{"P-Charging-Vector", HeaderId::kPChargingVector, '\0', false},
    HeaderRow{"P-Called-Party-ID", HeaderId::kPCalledPartyId, '\0', false},
    HeaderRow{"User-Agent", HeaderId::kUserAgent, '\0', false},
    HeaderRow{"Server", HeaderId::kServer, '\0', false},
    HeaderRow{"Session-Expires", HeaderId::kSessionExpires, 'x', false},
    HeaderRow{"Min-SE", HeaderId::kMinSe, '\0', false},
    HeaderRow{"Session-ID", HeaderId::kSessionId, '\0', false},
    HeaderRow{"Expires", HeaderId::kExpires, '\0', false},
    HeaderRow{"RSeq", HeaderId::kRSeq, '\0', false},
    HeaderRow{"RAck", HeaderId::kRAck, '\0', false},
    HeaderRow{"Require", HeaderId::kRequire, '\0', true},
    HeaderRow{"Supported", HeaderId::kSupported, 'k', true},
    HeaderRow{"Unsupported", HeaderId::kUnsupported, '\0', true},
    HeaderRow{"Proxy-Require", HeaderId::kProxyRequire, '\0', true},
    HeaderRow{"Allow", HeaderId::kAllow, '\0', true},
    HeaderRow{"Allow-Events", HeaderId::kAllowEvents, 'u', true},
    HeaderRow{"Event", HeaderId::kEvent, 'o', false},
    HeaderRow{"Subscription-State", HeaderId::kSubscriptionState, '\0', false},
    HeaderRow{"Subject", HeaderId::kSubject, 's', false},
    HeaderRow{"Authorization", HeaderId::kAuthorization, '\0', false},
    HeaderRow{"Proxy-Authorization", HeaderId::kProxyAuthorization, '\0', false},
    HeaderRow{"WWW-Authenticate", HeaderId::kWwwAuthenticate, '\0', false},
    HeaderRow{"Proxy-Authenticate", HeaderId::kProxyAuthenticate, '\0', false},
    HeaderRow{"Identity", HeaderId::kIdentity, 'y', false},
    HeaderRow{"Identity-Info", HeaderId::kIdentityInfo, 'n', false},
    HeaderRow{"Request-Disposition", HeaderId::kRequestDisposition, 'd', true},
    HeaderRow{"Accept-Contact", HeaderId::kAcceptContact, 'a', true},
    HeaderRow{"Reject-Contact", HeaderId::kRejectContact, 'j', true},
    HeaderRow{"Accept", HeaderId::kAccept, '\0', true},
    HeaderRow{"Warning", HeaderId::kWarning, '\0', true},
    HeaderRow{"Retry-After", HeaderId::kRetryAfter, '\0', false},
    HeaderRow{"Date", HeaderId::kDate, '\0', false},
    HeaderRow{"Timestamp", HeaderId::kTimestamp, '\0', false},
    HeaderRow{"User-to-User", HeaderId::kUserToUser, '\0', true},
    HeaderRow{"MIME-Version", HeaderId::kMimeVersion, '\0', false},
};
static_assert(kHeaders.size() + 1 == static_cast<std::size_t>(HeaderId::kCount));

constexpr std::size_t kNameLengthMax = 32;

// The rows by length of the name: a lookup compares a handful of names of the same length.
struct LengthIndex {
  std::array<HeaderRow, kHeaders.size()> rows{};
  std::array<std::uint8_t, kNameLengthMax + 2> begin{};
};

consteval LengthIndex make_length_index() {
  LengthIndex index;
  index.rows = kHeaders;
  std::sort(index.rows.begin(), index.rows.end(), [](const HeaderRow& a, const HeaderRow& b) {
    return a.name.size() < b.name.size();
  });
  std::size_t at = 0;
  for (std::size_t length = 0; length < index.begin.size(); ++length) {
    while (at < index.rows.size() && index.rows[at].name.size() < length) ++at;
    index.begin[length] = static_cast<std::uint8_t>(at);
  }
  return index;
}

constexpr LengthIndex kByLength = make_length_index();

struct IdIndex {
  std::array<std::uint8_t, static_cast<std::size_t>(HeaderId::kCount)> row{};
  std::array<HeaderId, 26> compact{};
};

consteval IdIndex make_id_index() {
  IdIndex index;
  for (std::size_t i = 0; i < kHeaders.size(); ++i) {
    index.row[static_cast<std::size_t>(kHeaders[i].id)] = static_cast<std::uint8_t>(i);
    if (kHeaders[i].compact != '\0') {
      index.compact[static_cast<std::size_t>(kHeaders[i].compact - 'a')] = kHeaders[i].id;
    }
  }
  return index;
}

constexpr IdIndex kById = make_id_index();

const HeaderRow& row_of(HeaderId id) { return kHeaders[kById.row[static_cast<std::size_t>(id)]]; }

}  // namespace

Method method_of(std::string_view token) {
  for (const MethodRow& row : kMethods) {
    if (row.name == token) return row.method;
  }
  return Method::kOther;
}

std::string_view method_name(Method method) {
  for (const MethodRow& row : kMethods) {
    if (row.method == method) return row.name;
  }
  return "OTHER";
}

HeaderId header_id_of(std::string_view name) {
  if (name.size() == 1) {
    const char letter = to_lower(name[0]);
    if (letter < 'a' || letter > 'z') return HeaderId::kOther;
    return kById.compact[static_cast<std::size_t>(letter - 'a')];
  }
  if (name.empty() || name.size() > kNameLengthMax) return HeaderId::kOther;
  for (std::size_t i = kByLength.begin[name.size()]; i < kByLength.begin[name.size() + 1]; ++i) {
    if (iequals(kByLength.rows[i].name, name)) return kByLength.rows[i].id;
  }
  return HeaderId::kOther;
}

std::string_view header_name(HeaderId id) {
  return id == HeaderId::kOther || id >= HeaderId::kCount ? "other" : row_of(id).name;
}

bool header_is_list(HeaderId id) {
  return id != HeaderId::kOther && id < HeaderId::kCount && row_of(id).is_list;
}

}  // namespace tapdeck::sip
