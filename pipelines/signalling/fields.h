// Typed header values (RFC 3261 section 20 and the extensions named at each).  Every function takes
// one value, as Message::values() gives it, folds included.
// Threads: any.  Memory: none; views borrow.  Errors: nothing for a value that cannot be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipelines/signalling/headers.h"
#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/uri.h"

namespace tapdeck::sip {

struct Via {
  std::string_view transport;  // "UDP", as sent
  std::string_view host;       // IPv6 without brackets
  std::uint16_t port = 0;      // 0: not given
  std::string_view branch;
  std::string_view received;  // IPv6 without brackets
  std::uint16_t rport = 0;    // 0: absent or without value
  bool has_rport = false;
  std::string_view params;
};

std::optional<Via> parse_via(std::string_view value);

struct CSeq {
  std::uint32_t number = 0;
  Method method = Method::kOther;
  std::string_view method_token;
};

std::optional<CSeq> parse_cseq(std::string_view value);

struct Contact {
  bool is_star = false;  // "Contact: *"; address is empty then
  NameAddr address;
  std::optional<std::uint32_t> expires;  // seconds
};

std::optional<Contact> parse_contact(std::string_view value);

struct ContentType {
  std::string_view type;     // "multipart"
  std::string_view subtype;  // "mixed"
  std::string_view params;
  std::string_view boundary;  // without quotes; empty when absent

  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return iequals(type, wanted_type) && iequals(subtype, wanted_subtype);
  }
};

std::optional<ContentType> parse_content_type(std::string_view value);

// RFC 3326
struct Reason {
  std::string_view protocol;           // "Q.850", "SIP"
  std::optional<std::uint16_t> cause;  // of that protocol
  std::string_view text;               // without quotes
};

std::optional<Reason> parse_reason(std::string_view value);

// RFC 3891; also Target-Dialog (RFC 4538) and Join (RFC 3911)
struct Replaces {
  std::string_view call_id;
  std::string_view from_tag;
  std::string_view to_tag;
  bool early_only = false;
};

// Takes a header value; inside a Refer-To URI it is escaped: copy_decoded() it first.
std::optional<Replaces> parse_replaces(std::string_view value);

// RFC 4028
struct SessionExpires {
  std::uint32_t seconds = 0;
  std::string_view refresher;  // "uac", "uas" or empty
};

std::optional<SessionExpires> parse_session_expires(std::string_view value);

// RFC 3262
struct RAck {
  std::uint32_t rseq = 0;
  CSeq cseq;
};

std::optional<RAck> parse_rack(std::string_view value);

// "host", "host:port", "[v6]:port" or a bare v6 address.
struct HostPort {
  std::string_view host;
  std::uint16_t port = 0;
  bool is_ipv6 = false;
};

std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace tapdeck::sip
