#include "pipelines/signalling/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace tapdeck::sip {
namespace {

consteval std::array<bool, 256> make_token_chars() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    const char lower = to_lower(static_cast<char>(c));
    table[c] = is_digit(lower) || (lower >= 'a' && lower <= 'z');
  }
  for (const char c : std::string_view("-.!%*_+`'~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr std::array<bool, 256> kTokenChars = make_token_chars();

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// Index behind the quoted string that begins at `at`; text.size() when it never ends.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// One or two characters: a library call for each character of the text would cost more.
bool is_one_of(char c, std::string_view stops) {
  for (const char stop : stops) {
    if (c == stop) return true;
  }
  return false;
}

std::size_t find_stop(std::string_view text,
                      std::string_view stops,
                      std::size_t from,
                      bool angles) {
  std::size_t i = from;
  // Mostly nothing is quoted before the only stop, or there is none.
  if (stops.size() == 1) {
    const std::size_t stop = std::min(text.find(stops[0], from), text.size());
    if (stop == text.size()) return stop;
    const std::size_t quoted = find_any(text.substr(0, stop), angles ? "\"<" : "\"", from);
    if (quoted == std::string_view::npos) return stop;
    i = quoted;
  }
  while (i < text.size()) {
    const char c = text[i];
    if (is_one_of(c, stops)) return i;
    if (c == '"') {
      i = skip_quoted(text, i);
    } else if (c == '<' && angles) {
      const std::size_t close = text.find('>', i);
      i = close == std::string_view::npos ? text.size() : close + 1;
    } else {
      ++i;
    }
  }
  return text.size();
}

}  // namespace

bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && kTokenChars[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

bool is_token(std::string_view text) { return !text.empty() && token_length(text) == text.size(); }

std::optional<std::uint32_t> parse_u32(std::string_view text) {
  return parse_number<std::uint32_t>(text);
}

std::optional<std::uint16_t> parse_u16(std::string_view text) {
  return parse_number<std::uint16_t>(text);
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  return parse_number<std::uint64_t>(text);
}

std::size_t find_outside(std::string_view text, std::string_view stops, std::size_t from) {
  return find_stop(text, stops, from, true);
}

std::size_t find_unquoted(std::string_view text, std::string_view stops, std::size_t from) {
  return find_stop(text, stops, from, false);
}

std::string_view strip_quotes(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  return text.substr(1, text.size() - 2);
}

bool take_list_element(std::string_view& rest, std::string_view& element, char separator) {
  while (!rest.empty()) {
    const std::size_t at = find_outside(rest, std::string_view(&separator, 1));
    element = trim(rest.substr(0, at));
    rest.remove_prefix(at < rest.size() ? at + 1 : at);
    if (!element.empty()) return true;
  }
  return false;
}

bool take_param(std::string_view& rest, Param& param) {
  std::string_view element;
  if (!take_list_element(rest, element, ';')) return false;
  const std::size_t equals = find_unquoted(element, "=");
  param.has_value = equals < element.size();
  param.name = trim(element.substr(0, equals));
  param.value = param.has_value ? strip_quotes(trim(element.substr(equals + 1))) : "";
  return true;
}

std::optional<std::string_view> find_param(std::string_view params, std::string_view name) {
  Param param;
  while (take_param(params, param)) {
    if (iequals(param.name, name)) return param.value;
  }
  return std::nullopt;
}

bool take_line(std::string_view& rest, std::string_view& line) {
  if (rest.empty()) return false;
  const std::size_t at = rest.find('\n');
  line = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

std::size_t copy_unfolded(std::string_view text, char* out, std::size_t capacity) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size() && written < capacity; ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      out[written++] = text[i];
      continue;
    }
    while (i + 1 < text.size() && is_space(text[i + 1])) ++i;
    while (written > 0 && is_space(out[written - 1])) --written;
    out[written++] = ' ';
  }
  return written;
}

std::size_t copy_unescaped(std::string_view text, char* out, std::size_t capacity) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size() && written < capacity; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out[written++] = text[i];
  }
  return written;
}

}  // namespace tapdeck::sip
