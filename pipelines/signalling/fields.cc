#include "pipelines/signalling/fields.h"

#include <algorithm>

namespace tapdeck::sip {
namespace {

std::string_view strip_brackets(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2);
  }
  return host;
}

// Takes the text before `separator` off `rest`; false when there is none.
bool take_until(std::string_view& rest, char separator, std::string_view& part) {
  const std::size_t at = rest.find(separator);
  if (at == std::string_view::npos) return false;
  part = trim(rest.substr(0, at));
  rest.remove_prefix(at + 1);
  return true;
}

// Takes the next word off `rest`; empty at the end.
std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  std::size_t end = 0;
  while (end < rest.size() && !is_space(rest[end])) ++end;
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

// "first;params" -> first, params
std::string_view take_head(std::string_view value, std::string_view& params) {
  const std::size_t semicolon = find_outside(value, ";");
  params = semicolon < value.size() ? value.substr(semicolon + 1) : std::string_view();
  return trim(value.substr(0, semicolon));
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
  text = trim(text);
  HostPort parsed;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    parsed.host = text.substr(1, close - 1);
    parsed.is_ipv6 = true;
    port = trim(text.substr(close + 1));
    if (!port.empty() && port.front() != ':') return std::nullopt;
    if (!port.empty()) port = trim(port.substr(1));
  } else if (std::count(text.begin(), text.end(), ':') > 1) {
    parsed.host = text;  // no brackets (RFC 5118 section 4.5): where a port began cannot be known
    parsed.is_ipv6 = true;
  } else {
    const std::size_t colon = text.find(':');
    parsed.host = trim(text.substr(0, colon));
    if (colon != std::string_view::npos) port = trim(text.substr(colon + 1));
  }
  if (parsed.host.empty()) return std::nullopt;
  parsed.port = parse_u16(port).value_or(0);
  return parsed;
}

std::optional<Via> parse_via(std::string_view value) {
  Via via;
  std::string_view rest = trim(value);
  std::string_view protocol;
  std::string_view version;
  if (!take_until(rest, '/', protocol) || !take_until(rest, '/', version)) return std::nullopt;
  if (!iequals(protocol, "SIP")) return std::nullopt;
  const std::string_view sent = take_head(rest, via.params);
  std::string_view sent_by = sent;
  via.transport = take_word(sent_by);
  const std::optional<HostPort> host = parse_host_port(sent_by);
  if (via.transport.empty() || !host) return std::nullopt;
  via.host = host->host;
  via.port = host->port;
  std::string_view params = via.params;
  Param param;
  while (take_param(params, param)) {
    if (iequals(param.name, "branch")) {
      via.branch = param.value;
    } else if (iequals(param.name, "received")) {
      via.received = strip_brackets(param.value);
    } else if (iequals(param.name, "rport")) {
      via.has_rport = true;
      via.rport = parse_u16(param.value).value_or(0);
    }
  }
  return via;
}

std::optional<CSeq> parse_cseq(std::string_view value) {
  CSeq cseq;
  const std::optional<std::uint32_t> number = parse_u32(take_word(value));
  cseq.method_token = trim(value);
  if (!number || !is_token(cseq.method_token)) return std::nullopt;
  cseq.number = *number;
  cseq.method = method_of(cseq.method_token);
  return cseq;
}

std::optional<Contact> parse_contact(std::string_view value) {
  Contact contact;
  if (trim(value) == "*") {
    contact.is_star = true;
    return contact;
  }
  const std::optional<NameAddr> address = parse_name_addr(value);
  if (!address) return std::nullopt;
  contact.address = *address;
  if (const auto expires = contact.address.param("expires")) contact.expires = parse_u32(*expires);
  return contact;
}

std::optional<ContentType> parse_content_type(std::string_view value) {
  ContentType parsed;
  const std::string_view media = take_head(value, parsed.params);
  std::string_view rest = media;
  if (!take_until(rest, '/', parsed.type)) return std::nullopt;
  parsed.subtype = trim(rest);
  if (!is_token(parsed.type) || !is_token(parsed.subtype)) return std::nullopt;
  parsed.boundary = find_param(parsed.params, "boundary").value_or(std::string_view());
  return parsed;
}

std::optional<Reason> parse_reason(std::string_view value) {
  Reason reason;
  std::string_view params;
  reason.protocol = take_head(value, params);
  if (!is_token(reason.protocol)) return std::nullopt;
  if (const auto cause = find_param(params, "cause")) reason.cause = parse_u16(*cause);
  reason.text = find_param(params, "text").value_or(std::string_view());
  return reason;
}

std::optional<Replaces> parse_replaces(std::string_view value) {
  Replaces replaces;
  std::string_view params;
  replaces.call_id = take_head(value, params);
  if (replaces.call_id.empty()) return std::nullopt;
  Param param;
  while (take_param(params, param)) {
    if (iequals(param.name, "from-tag") || iequals(param.name, "local-tag")) {
      replaces.from_tag = param.value;
    } else if (iequals(param.name, "to-tag") || iequals(param.name, "remote-tag")) {
      replaces.to_tag = param.value;
    } else if (iequals(param.name, "early-only")) {
      replaces.early_only = true;
    }
  }
  return replaces;
}

std::optional<SessionExpires> parse_session_expires(std::string_view value) {
  std::string_view params;
  const std::optional<std::uint32_t> seconds = parse_u32(take_head(value, params));
  if (!seconds) return std::nullopt;
  return SessionExpires{*seconds, find_param(params, "refresher").value_or(std::string_view())};
}

std::optional<RAck> parse_rack(std::string_view value) {
  const std::optional<std::uint32_t> rseq = parse_u32(take_word(value));
  const std::optional<CSeq> cseq = parse_cseq(trim(value));
  if (!rseq || !cseq) return std::nullopt;
  return RAck{*rseq, *cseq};
}

}  // namespace tapdeck::sip
