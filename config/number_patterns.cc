#include "config/number_patterns.h"

#include <algorithm>

#include "base/characters.h"

namespace tapdeck::config {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Without what people put between digits.
std::string compact(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) {
    return std::string_view(" -.()").find(c) == std::string_view::npos;
  });
  return out;
}

// Digits, and a leading '+' or, as in codes that are dialled, * and #: behind a '+' a * is one that
// somebody means to stand for digits.
bool is_number(std::string_view text) {
  if (text.size() > kPolicyNumberBytesMax) return false;
  if (text.starts_with('+')) return std::all_of(text.begin() + 1, text.end(), is_digit);
  return text.find_first_not_of("0123456789*#") == std::string_view::npos;
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

constexpr const char* kWanted =
    " is no number: `+4971155501`, `+49711*` or `+4971100..+4971199` is wanted";

// "/text/" or "/text/i"; false: neither.
bool parse_regex(std::string_view text, std::string& expression, bool& caseless) {
  if (!text.starts_with('/')) return false;
  caseless = text.size() > 3 && text.ends_with("/i");
  if (caseless) text.remove_suffix(1);
  if (text.size() < 3 || !text.ends_with('/')) return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::ranges::any_of(text, is_control)) return false;
  expression = text.substr(1, text.size() - 2);
  return true;
}

constexpr const char* kRegexWanted = " is no regular expression: `/.../` or `/.../i` is wanted";

std::string too_long() {
  return "a text of more than " + std::to_string(kPolicyPatternBytesMax) + " bytes";
}

ParsedNumber parse_range(std::string_view text, std::size_t dots) {
  ParsedNumber parsed;
  std::string first = compact(text.substr(0, dots));
  std::string last = compact(text.substr(dots + 2));
  const auto plain = [](std::string_view number) {
    const std::size_t plus = number.starts_with('+') ? 1 : 0;
    return number.size() > plus && is_number(number) &&
           std::all_of(number.begin() + static_cast<std::ptrdiff_t>(plus), number.end(), is_digit);
  };
  if (!plain(first) || !plain(last) || first.size() != last.size() ||
      first.starts_with('+') != last.starts_with('+') || first > last) {
    parsed.mistake = in_quotes(text) +
                     " is no range: `+4971100..+4971199` is wanted, both ends of as many digits, "
                     "the smaller first";
    return parsed;
  }
  parsed.pattern.form = NumberForm::kRange;
  parsed.pattern.text = std::move(first);
  parsed.pattern.last = std::move(last);
  return parsed;
}

// At the front or behind a blank: a # may be dialled, too.
std::size_t comment_begin(std::string_view row) {
  if (row.starts_with('#')) return 0;
  return std::min(row.find(" #"), row.find("\t#"));
}

ParsedNumber parse_in_rule(std::string_view text) {
  ParsedNumber parsed;
  if (text.starts_with('@')) {
    parsed.pattern.form = NumberForm::kList;
    parsed.pattern.text = text.substr(1);
    if (text.size() == 1) parsed.mistake = "'@' is no list: `@name` is wanted";
    return parsed;
  }
  parsed.pattern.form = NumberForm::kRegex;
  if (!parse_regex(text, parsed.pattern.text, parsed.pattern.caseless)) {
    parsed.mistake = in_quotes(text) + kRegexWanted;
  }
  return parsed;
}

}  // namespace

ParsedNumber parse_number_pattern(std::string_view text, NumberPlace place) {
  ParsedNumber parsed;
  text = trimmed(text);
  if (text.size() > kPolicyPatternBytesMax) {
    parsed.mistake = too_long();
    return parsed;
  }
  if (text.starts_with('@') || text.starts_with('/')) {
    if (place == NumberPlace::kRule) return parse_in_rule(text);
    parsed.mistake = in_quotes(text) + ": only numbers, prefixes and ranges stand in a list";
    return parsed;
  }
  const std::size_t dots = text.find("..");
  if (dots != std::string_view::npos) return parse_range(text, dots);
  std::string number = compact(text);
  if (number.ends_with('*')) {
    parsed.pattern.form = NumberForm::kPrefix;
    number.pop_back();
  } else if (number.find_first_of("0123456789") == std::string::npos) {
    parsed.mistake = in_quotes(text) + kWanted;
    return parsed;
  }
  if (!is_number(number)) {
    parsed.pattern = {};
    parsed.mistake = in_quotes(text) + kWanted;
    return parsed;
  }
  parsed.pattern.text = std::move(number);
  return parsed;
}

ParsedText parse_text_pattern(std::string_view text) {
  ParsedText parsed;
  if (text.size() > kPolicyPatternBytesMax) {
    parsed.mistake = too_long();
  } else if (text.starts_with('/')) {
    parsed.pattern.form = TextForm::kRegex;
    if (!parse_regex(text, parsed.pattern.text, parsed.pattern.caseless)) {
      parsed.mistake = in_quotes(text) + kRegexWanted;
    }
  } else if (text.ends_with('*')) {
    parsed.pattern.form = TextForm::kPrefix;
    parsed.pattern.text = text.substr(0, text.size() - 1);
  } else if (trimmed(text).empty()) {
    parsed.mistake = "no text; `*` is any";
  } else {
    parsed.pattern.text = trimmed(text);
  }
  return parsed;
}

std::string to_string(const NumberPattern& pattern) {
  switch (pattern.form) {
    case NumberForm::kExact: return pattern.text;
    case NumberForm::kPrefix: return pattern.text + "*";
    case NumberForm::kRange: return pattern.text + ".." + pattern.last;
    case NumberForm::kRegex: return "/" + pattern.text + (pattern.caseless ? "/i" : "/");
    case NumberForm::kList: return "@" + pattern.text;
  }
  return {};
}

void for_each_list_line(
    std::string_view text,
    const std::function<void(std::uint32_t line, std::string_view text)>& take) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::uint32_t line = 0;
  while (!text.empty()) {
    ++line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    row = trimmed(row.substr(0, comment_begin(row)));
    if (!row.empty()) take(line, row);
  }
}

}  // namespace tapdeck::config
