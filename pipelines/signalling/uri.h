// SIP, SIPS and TEL URIs and the name-addr form around them (RFC 3261 sections 19.1, 25.1; RFC
// 3966; RFC 5118 for IPv6 hosts).
// Threads: any.  Memory: none; every view borrows the caller's bytes, escapes are left as they are
// (copy_decoded() decodes into the caller's buffer).  Errors: nothing is returned for what is no
// URI; odd but readable ones (unknown scheme, no user) are taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tapdeck::sip {

enum class UriScheme : std::uint8_t { kSip, kSips, kTel, kOther };

struct Uri {
  UriScheme scheme = UriScheme::kOther;
  std::string_view text;      // all of it, without <>
  std::string_view user;      // tel: the number; without password; escaped; with its own ;params
  std::string_view password;  // sip:user:password@
  std::string_view host;      // IPv6 without brackets; kOther: what follows the scheme
  std::uint16_t port = 0;     // 0: not given
  bool host_is_ipv6 = false;
  std::string_view params;   // after the first ';' behind the host, without it
  std::string_view headers;  // after '?'

  // Value of a URI parameter ("transport", "user", "phone-context", "lr"...).
  [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const;

  // Value of a URI header ("Replaces" in Refer-To), still escaped.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;

  // `user` up to its first ';' : "+15551234;npdi" -> "+15551234".
  [[nodiscard]] std::string_view user_number() const;
};

// An absolute URI and nothing else; surrounding white space is ignored.
std::optional<Uri> parse_uri(std::string_view text);

// "Display" <uri>;params   |   Display <uri>;params   |   uri;params
// In the last form (addr-spec) every ;param belongs to the header, not to the URI.
struct NameAddr {
  std::string_view display_name;  // without quotes; escapes kept when display_is_quoted
  bool display_is_quoted = false;
  bool has_brackets = false;
  Uri uri;
  std::string_view params;  // header parameters, e.g. "tag=x;expires=3"

  [[nodiscard]] std::string_view tag() const;  // empty when absent
  [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const;
};

// A display name without <uri> or an unreadable URI gives nothing.  A missing closing quote or '>'
// is tolerated when a URI can still be found.
std::optional<NameAddr> parse_name_addr(std::string_view value);

// Decodes %xx into out (capacity bytes), returns the bytes written, at most text.size().  A % that
// is not followed by two hex digits stays.  Decoded bytes may be anything, NUL included.
std::size_t copy_decoded(std::string_view text, char* out, std::size_t capacity);

}  // namespace tapdeck::sip
