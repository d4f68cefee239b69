#include "pipelines/signalling/uri.h"

#include "pipelines/signalling/fields.h"
#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_scheme(std::string_view text) {
  if (text.empty() || to_lower(text[0]) < 'a' || to_lower(text[0]) > 'z') return false;
  for (const char c : text) {
    const bool alnum = is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
    if (!alnum && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

UriScheme scheme_of(std::string_view name) {
  if (iequals(name, "sip")) return UriScheme::kSip;
  if (iequals(name, "sips")) return UriScheme::kSips;
  if (iequals(name, "tel")) return UriScheme::kTel;
  return UriScheme::kOther;
}

// The user part may hold ';', '?' and ':' itself, so the '@' is looked for first.
std::size_t find_at(std::string_view rest) {
  const std::size_t first = rest.find('@');
  if (first == std::string_view::npos) return first;
  const std::size_t host_end = find_any(rest, ";?", first);
  return rest.rfind('@', host_end);
}

bool parse_sip_parts(std::string_view rest, Uri& uri) {
  const std::size_t at = find_at(rest);
  if (at != std::string_view::npos) {
    const std::string_view userinfo = rest.substr(0, at);
    const std::size_t colon = userinfo.find(':');
    uri.user = userinfo.substr(0, colon);
    if (colon != std::string_view::npos) uri.password = userinfo.substr(colon + 1);
    rest.remove_prefix(at + 1);
  }
  const std::size_t host_end = find_any(rest, ";?");
  const std::optional<HostPort> host = parse_host_port(rest.substr(0, host_end));
  if (!host) return false;
  uri.host = host->host;
  uri.port = host->port;
  uri.host_is_ipv6 = host->is_ipv6;
  if (host_end == std::string_view::npos) return true;
  rest.remove_prefix(host_end);
  const std::size_t question = rest.find('?');
  if (rest.front() == ';') uri.params = rest.substr(1, question - (question < rest.size() ? 1 : 0));
  if (question != std::string_view::npos) uri.headers = rest.substr(question + 1);
  return true;
}

}  // namespace

std::optional<std::string_view> Uri::param(std::string_view name) const {
  return find_param(params, name);
}

std::optional<std::string_view> Uri::header(std::string_view name) const {
  std::string_view rest = headers;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (iequals(pair.substr(0, equals), name)) {
      return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return std::nullopt;
}

std::string_view Uri::user_number() const { return user.substr(0, user.find(';')); }

std::optional<Uri> parse_uri(std::string_view text) {
  Uri uri;
  uri.text = trim(text);
  const std::size_t colon = uri.text.find(':');
  if (colon == std::string_view::npos || !is_scheme(uri.text.substr(0, colon))) return std::nullopt;
  uri.scheme = scheme_of(uri.text.substr(0, colon));
  const std::string_view rest = uri.text.substr(colon + 1);
  if (rest.empty()) return std::nullopt;
  if (uri.scheme == UriScheme::kSip || uri.scheme == UriScheme::kSips) {
    if (!parse_sip_parts(rest, uri)) return std::nullopt;
    return uri;
  }
  if (uri.scheme == UriScheme::kTel) {
    const std::size_t semicolon = rest.find(';');
    uri.user = trim(rest.substr(0, semicolon));
    if (semicolon != std::string_view::npos) uri.params = rest.substr(semicolon + 1);
    if (uri.user.empty()) return std::nullopt;
    return uri;
  }
  uri.host = rest;
  return uri;
}

std::string_view NameAddr::tag() const { return param("tag").value_or(std::string_view()); }

std::optional<std::string_view> NameAddr::param(std::string_view name) const {
  return find_param(params, name);
}

std::optional<NameAddr> parse_name_addr(std::string_view value) {
  value = trim(value);
  NameAddr parsed;
  std::size_t open = find_unquoted(value, "<");
  // A quote that never closes hides the '<'; the address is still worth having.
  if (open == value.size() && !value.empty() && value.front() == '"') open = value.find('<');
  std::string_view uri_text;
  std::string_view behind;
  if (open < value.size()) {
    parsed.has_brackets = true;
    std::string_view display = trim(value.substr(0, open));
    parsed.display_is_quoted = !display.empty() && display.front() == '"';
    parsed.display_name = strip_quotes(display);
    if (parsed.display_is_quoted && parsed.display_name.size() == display.size()) {
      parsed.display_name.remove_prefix(1);
    }
    const std::size_t close = value.find('>', open);
    uri_text = value.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    if (close != std::string_view::npos) behind = value.substr(close + 1);
  } else {
    const std::size_t semicolon = value.find(';');
    uri_text = value.substr(0, semicolon);
    if (semicolon != std::string_view::npos) behind = value.substr(semicolon);
  }
  const std::optional<Uri> uri = parse_uri(uri_text);
  if (!uri) return std::nullopt;
  parsed.uri = *uri;
  const std::size_t first = find_unquoted(behind, ";");
  if (first < behind.size()) parsed.params = trim(behind.substr(first + 1));
  return parsed;
}

std::size_t copy_decoded(std::string_view text, char* out, std::size_t capacity) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size() && written < capacity; ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (escape) {
      out[written++] = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out[written++] = text[i];
    }
  }
  return written;
}

}  // namespace tapdeck::sip
