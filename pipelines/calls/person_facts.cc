#include "pipelines/calls/person_facts.h"

#include <algorithm>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::calls {
namespace {

constexpr bool is_separator(char c) {
  return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

constexpr bool is_dialled(char c) {
  return is_digit(c) || c == '+' || c == '*' || c == '#' || is_separator(c);
}

std::size_t copy_without_separators(std::string_view text, char* to) {
  return static_cast<std::size_t>(
      std::copy_if(text.begin(), text.end(), to, [](char c) { return !is_separator(c); }) - to);
}

std::string_view name_of(const sip::NameAddr& address, Scratch& scratch) {
  const std::string_view name = address.display_name.substr(0, kTextMax);
  const bool quoted = address.display_is_quoted;
  if (sip::find_any(name, quoted ? "\\" : "\r\n") == std::string_view::npos) return name;
  return scratch.take(name.size(), [name, quoted](char* to, std::size_t capacity) {
    return quoted ? sip::copy_unescaped(name, to, capacity)
                  : sip::copy_unfolded(name, to, capacity);
  });
}

}  // namespace

std::string_view number_of(const sip::Uri& uri, Scratch& scratch) {
  constexpr std::size_t kNumberMax = 256;
  std::string_view number = uri.user_number().substr(0, kNumberMax);
  if (number.find('%') != std::string_view::npos) {
    number = scratch.take(number.size(), [number](char* to, std::size_t capacity) {
      return sip::copy_decoded(number, to, capacity);
    });
  }
  // "(0711) 12-34" is a number, "john.doe-smith" is a name.
  if (std::none_of(number.begin(), number.end(), is_separator) ||
      !std::all_of(number.begin(), number.end(), is_dialled)) {
    return number;
  }
  return scratch.take(number.size(), [number](char* to, std::size_t capacity) {
    return copy_without_separators(number.substr(0, capacity), to);
  });
}

std::string_view context_of(const sip::Uri& uri, Scratch& scratch) {
  constexpr std::size_t kContextMax = 64;
  const std::size_t semicolon = uri.user.find(';');
  auto context = semicolon == std::string_view::npos
                     ? std::nullopt
                     : sip::find_param(uri.user.substr(semicolon + 1), "phone-context");
  if (!context) context = uri.param("phone-context");
  if (!context || context->size() > kContextMax) return {};
  return scratch.take(context->size(), [&](char* to, std::size_t capacity) {
    return copy_without_separators(context->substr(0, capacity), to);
  });
}

PersonFacts person_of(const sip::NameAddr& address, Scratch& scratch) {
  return {name_of(address, scratch),
          address.uri.text.substr(0, kTextMax),
          number_of(address.uri, scratch),
          context_of(address.uri, scratch)};
}

PersonFacts PersonReader::read(std::string_view field) {
  scratch_.clear();
  const std::optional<sip::NameAddr> address = sip::parse_name_addr(field);
  return address ? person_of(*address, scratch_) : PersonFacts{};
}

}  // namespace tapdeck::calls
