#include "pipelines/signalling/passport.h"

#include <algorithm>

#include "pipelines/signalling/json_reader.h"
#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

constexpr std::string_view kAttestations = "ABC";

int sextet_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-' || c == '+') return 62;
  if (c == '_' || c == '/') return 63;
  return -1;
}

void add_destination(std::string_view text, Passport& passport) {
  if (text.empty() || passport.destination_count == kPassportDestinationsMax) return;
  passport.destinations[passport.destination_count++] = text;
}

// {"tn":"1215551212"} or {"uri":"sip:alice@example.com"}
void read_origin(JsonReader& json, Passport& passport) {
  json.for_each_member([&](std::string_view name) {
    const bool is_number = name == "tn";
    if (!is_number && name != "uri") return json.skip();
    const std::string_view text = json.take_string();
    if (is_number || passport.orig.empty()) passport.orig = text;
  });
}

// {"tn":["12155551213"],"uri":["sip:bob@example.net"]}; some send a text where a list belongs.
void read_destinations(JsonReader& json, Passport& passport) {
  json.for_each_member([&](std::string_view name) {
    if (name != "tn" && name != "uri") return json.skip();
    if (json.next_is('[')) {
      json.for_each_element([&] { add_destination(json.take_string(), passport); });
    } else {
      add_destination(json.take_string(), passport);
    }
  });
}

void read_claims(JsonReader json, Passport& passport) {
  json.for_each_member([&](std::string_view name) {
    if (name == "attest") {
      const std::string_view text = json.take_string();
      if (text.size() == 1 && kAttestations.find(text[0]) != std::string_view::npos) {
        passport.attestation = text[0];
      }
    } else if (name == "origid") {
      passport.origid = json.take_string();
    } else if (name == "iat") {
      passport.issued_s = json.take_integer();
    } else if (name == "orig" && json.next_is('{')) {
      read_origin(json, passport);
    } else if (name == "dest" && json.next_is('{')) {
      read_destinations(json, passport);
    } else {
      json.skip();
    }
  });
}

void read_head(JsonReader json, Passport& passport) {
  json.for_each_member([&](std::string_view name) {
    std::string_view* const field = name == "alg"   ? &passport.alg
                                    : name == "ppt" ? &passport.ppt
                                    : name == "x5u" ? &passport.info
                                                    : nullptr;
    if (field == nullptr) return json.skip();
    *field = json.take_string();
  });
}

std::string_view strip_angles(std::string_view text) {
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// The parameters of the header field stand for what the compact form leaves out.
void read_params(std::string_view params, Passport& passport) {
  Param param;
  while (take_param(params, param)) {
    if (iequals(param.name, "ppt") && passport.ppt.empty()) passport.ppt = param.value;
    if (iequals(param.name, "alg") && passport.alg.empty()) passport.alg = param.value;
    if (iequals(param.name, "info") && passport.info.empty()) {
      passport.info = strip_angles(param.value);
    }
  }
}

}  // namespace

std::string_view PassportReader::decode(std::string_view base64url) {
  const std::size_t begin = used_;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : base64url) {
    if (c == '=') break;
    if (is_space(c)) continue;  // a fold
    const int sextet = sextet_of(c);
    if (sextet < 0 || used_ == buffer_.size()) {
      used_ = begin;
      return {};
    }
    bits = bits << 6 | static_cast<std::uint32_t>(sextet);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    buffer_[used_++] = static_cast<char>(bits >> count & 0xff);
  }
  return {buffer_.data() + begin, used_ - begin};
}

std::optional<Passport> PassportReader::read(std::string_view value) {
  used_ = 0;
  const std::size_t end = std::min(find_outside(value, ";"), value.size());
  Passport passport;
  passport.token = trim(value.substr(0, end));
  const std::size_t first = passport.token.find('.');
  const std::size_t second =
      first == std::string_view::npos ? first : passport.token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;  // RFC 4474 had a signature alone
  const std::string_view head = decode(passport.token.substr(0, first));
  const std::string_view claims = decode(passport.token.substr(first + 1, second - first - 1));
  const auto writable = [this](std::string_view text) {
    return JsonReader(buffer_.data() + (text.data() - buffer_.data()), text.size());
  };
  if (!head.empty()) read_head(writable(head), passport);
  if (!claims.empty()) read_claims(writable(claims), passport);
  if (end < value.size()) read_params(value.substr(end), passport);
  return passport;
}

}  // namespace tapdeck::sip
