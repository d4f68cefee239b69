// Numbers as files of policy and directory write them: `+4971155501`, `+49711*`,
// `+4971100..+4971199`, `/regex/`, `@list`.
// Threads: any.  Memory: strings.  Bad texts: a sentence.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "config/policies.h"

namespace tapdeck::config {

enum class NumberPlace : std::uint8_t {
  kNumbers,  // numbers, prefixes and ranges
  kRule      // regular expressions and lists, too
};

// What `text` says, or what is wrong with it (`mistake` is not empty, `pattern` means nothing).
// Spaces and -.() within a number are left out.
struct ParsedNumber {
  NumberPattern pattern;
  std::string mistake;
};

ParsedNumber parse_number_pattern(std::string_view text, NumberPlace place);

// The values of a header field: `exact`, `begin*`, `/regex/`.
struct ParsedText {
  TextPattern pattern;
  std::string mistake;
};

ParsedText parse_text_pattern(std::string_view text);

// As parse_number_pattern() reads it: "+49711*".
std::string to_string(const NumberPattern& pattern);

// Goes through a list of one number a line: `take` gets each with its line; a # at the front or
// behind a blank begins a comment.
void for_each_list_line(std::string_view text,
                        const std::function<void(std::uint32_t line, std::string_view text)>& take);

}  // namespace tapdeck::config
