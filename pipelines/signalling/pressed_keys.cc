#include "pipelines/signalling/pressed_keys.h"

#include <algorithm>
#include <charconv>

#include "model/dtmf.h"
#include "pipelines/signalling/body.h"
#include "pipelines/signalling/fields.h"
#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

// By event of RFC 4733.
constexpr std::string_view kNames = "0123456789*#ABCD";
static_assert(kNames.size() == kLastKeyEvent + 1);

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// All of the value or nothing.
void add_value(std::string_view value, PressedKeys& keys) {
  value = trim(value);
  unsigned number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (value.size() == 2 && read.ptr == value.data() + 2 && number > 9 && number < kNames.size()) {
    keys.add(kNames[number]);
    return;
  }
  const bool is_keys = std::ranges::all_of(value, [](char each) {
    return is_space(each) || kNames.find(upper(each)) != std::string_view::npos;
  });
  if (!is_keys) return;
  for (const char each : value) {
    if (!is_space(each)) keys.add(upper(each));
  }
}

// "Signal=5" or "Signal: 5"; false: there is no such line.
bool read_lines(std::string_view body, PressedKeys& keys) {
  bool any = false;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    const std::size_t sign = line.find_first_of("=:");
    if (sign == std::string_view::npos || !iequals(trim(line.substr(0, sign)), "Signal")) continue;
    add_value(line.substr(sign + 1), keys);
    any = true;
  }
  return any;
}

// False: a body of another kind.
bool read_body(const ContentType& type, std::string_view body, PressedKeys& keys) {
  const bool is_relay = type.is("application", "dtmf-relay");
  if (!is_relay && !type.is("application", "dtmf")) return false;
  if (!read_lines(body, keys) && !is_relay) add_value(body, keys);
  return true;
}

}  // namespace

PressedKeys read_pressed_keys(const Message& message) {
  PressedKeys keys;
  const auto type = message.content_type();
  if (!type || read_body(*type, message.body(), keys)) return keys;
  if (!iequals(type->type, "multipart") || type->boundary.empty()) return keys;
  PartIterator parts(message.body(), type->boundary);
  std::string_view headers;
  std::string_view content;
  while (parts.next(headers, content)) {
    const auto part = parse_content_type(part_header(headers, "Content-Type"));
    if (part && read_body(*part, content, keys)) break;
  }
  return keys;
}

}  // namespace tapdeck::sip
