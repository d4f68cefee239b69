#include "pipelines/signalling/json_reader.h"

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

constexpr bool ends_word(char c) { return c == ',' || c == '}' || c == ']' || is_space(c); }

int digit_of(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

void JsonReader::skip_space() {
  while (at_ != end_ && is_space(*at_)) ++at_;
}

bool JsonReader::next_is(char c) {
  skip_space();
  return at_ != end_ && *at_ == c;
}

bool JsonReader::accept(char c) {
  if (!next_is(c)) return false;
  ++at_;
  return true;
}

bool JsonReader::open(char bracket) {
  if (depth_ == kJsonDepthMax) fail();
  if (!accept(bracket)) {
    skip();
    return false;
  }
  ++depth_;
  return true;
}

// at_ is behind a backslash.  What is not ASCII is told by a question mark: no number has it.
void JsonReader::unescape(char*& to) {
  const char c = *at_++;
  switch (c) {
    case 'b': *to++ = '\b'; return;
    case 'f': *to++ = '\f'; return;
    case 'n': *to++ = '\n'; return;
    case 'r': *to++ = '\r'; return;
    case 't': *to++ = '\t'; return;
    case 'u': break;
    default: *to++ = c; return;
  }
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = at_ == end_ ? -1 : digit_of(*at_);
    if (digit < 0) return fail();
    value = value * 16 + digit;
    ++at_;
  }
  *to++ = value < 0x80 ? static_cast<char>(value) : '?';
}

std::string_view JsonReader::take_string() {
  if (!accept('"')) {
    skip();
    return {};
  }
  char* const begin = at_;
  char* to = at_;
  while (at_ != end_ && *at_ != '"') {
    const char c = *at_++;
    if (c != '\\') {
      *to++ = c;
    } else if (at_ != end_) {
      unescape(to);
    }
  }
  if (at_ == end_) return {};  // without its end
  ++at_;
  return {begin, static_cast<std::size_t>(to - begin)};
}

std::optional<std::int64_t> JsonReader::take_integer() {
  skip_space();
  const char* const begin = at_;
  if (at_ == end_ || !is_digit(*at_)) {
    skip();
    return std::nullopt;
  }
  skip_word();
  const auto number = parse_u64({begin, static_cast<std::size_t>(at_ - begin)});
  if (!number || *number > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

void JsonReader::skip_word() {
  while (at_ != end_ && !ends_word(*at_)) ++at_;
}

void JsonReader::skip() {
  skip_space();
  if (at_ == end_) return;
  if (*at_ == '"') {
    take_string();
  } else if (*at_ == '{') {
    for_each_member([this](std::string_view) { skip(); });
  } else if (*at_ == '[') {
    for_each_element([this] { skip(); });
  } else if (ends_word(*at_) || *at_ == ':') {
    fail();  // nothing where a value belongs
  } else {
    skip_word();
  }
}

}  // namespace tapdeck::sip
