// Character-level helpers shared by the SIP and SDP parsers: case-insensitive compares, numbers,
// linear white space, quoted strings, comma lists and ;parameters.  Folded lines need no copy: a
// CR or LF inside a header value counts as white space (RFC 3261 section 7.3.1).
// Threads: any.  Memory: none; every view borrows the caller's bytes.  Errors: an absent or
// malformed piece is an empty optional or a false, never a read past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/characters.h"

namespace tapdeck::sip {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// SP and HTAB: what stands between the words of a line.
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// SP, HTAB and, since lines may be folded, CR and LF.
constexpr bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\n'; }

bool is_token_char(char c);                       // RFC 3261 section 25.1 `token`
bool is_token(std::string_view text);             // at least one character
std::size_t token_length(std::string_view text);  // of the token that it begins with

// ASCII case-insensitive.  Mostly asked of texts that differ in length, or not even in case.
constexpr bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

constexpr bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

constexpr std::string_view trim(std::string_view text) {  // is_space() at both ends
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The whole of `text` as a decimal number; nothing on an empty text, a non-digit or overflow.
std::optional<std::uint32_t> parse_u32(std::string_view text);
std::optional<std::uint16_t> parse_u16(std::string_view text);
std::optional<std::uint64_t> parse_u64(std::string_view text);

// Index of the first of `stops` (a few characters) in `text` from `from` on, npos when there is
// none: as std::string_view::find_first_of(), without its library call for each character.
constexpr std::size_t find_any(std::string_view text,
                               std::string_view stops,
                               std::size_t from = 0) {
  for (std::size_t i = from; i < text.size(); ++i) {
    for (const char stop : stops) {
      if (text[i] == stop) return i;
    }
  }
  return std::string_view::npos;
}

// Index of the first of `stops` in `text` from `from` on that is neither inside a quoted string nor
// inside <>; text.size() when there is none.
std::size_t find_outside(std::string_view text, std::string_view stops, std::size_t from = 0);

// Index of the first of `stops` outside a quoted string ('<' and '>' are ordinary characters).
std::size_t find_unquoted(std::string_view text, std::string_view stops, std::size_t from = 0);

// `"a b"` -> `a b` (escapes stay as they are, see unescape_quoted); other text unchanged.
std::string_view strip_quotes(std::string_view text);

// Takes the text before the next stop character off `rest` (trimmed); false when rest was used up.
// Splits "a, <b,c>, \"d,e\"" at its two outer commas; empty elements are skipped.
bool take_list_element(std::string_view& rest, std::string_view& element, char separator = ',');

struct Param {
  std::string_view name;   // trimmed
  std::string_view value;  // trimmed, quotes kept off; empty when there is no '='
  bool has_value = false;
};

// Takes the next ";name=value" off `rest`, which may begin with ';' or white space.
bool take_param(std::string_view& rest, Param& param);

// Value of the first parameter `name` (case-insensitive): empty view when it has no value, nothing
// when it is absent.
std::optional<std::string_view> find_param(std::string_view params, std::string_view name);

// Next line of an SDP or MIME text without its CRLF, CR LF or LF end; false at the end.
bool take_line(std::string_view& rest, std::string_view& line);

// Writes `text` to out (capacity bytes) with each fold (line break and the white space around it)
// as one space.  Returns the bytes written; stops silently when `out` is full.
std::size_t copy_unfolded(std::string_view text, char* out, std::size_t capacity);

// The same for the inside of a quoted string: \x becomes x.
std::size_t copy_unescaped(std::string_view text, char* out, std::size_t capacity);

}  // namespace tapdeck::sip
