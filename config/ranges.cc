#include "config/ranges.h"

#include <charconv>

namespace tapdeck::config {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<NumberRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return NumberRange{*first, *last};
}

std::string add_range(std::string_view text,
                      std::uint32_t min,
                      std::uint32_t max,
                      std::vector<NumberRange>& ranges) {
  const auto range = parse_range(text);
  if (!range || range->first < min || range->last > max) {
    return "a number of " + std::to_string(min) + " to " + std::to_string(max) +
           ", or a range like 100-199, is wanted";
  }
  ranges.push_back(*range);
  return {};
}

std::string to_string(const NumberRange& range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

bool overlap(const NumberRange& a, const NumberRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

std::string RangeOwners::give(const NumberRange& range, const std::string& realm) {
  for (const Given& other : given_) {
    if (!overlap(range, other.range)) continue;
    return to_string(range) + " overlaps " + to_string(other.range) + " of realm " + other.realm;
  }
  given_.push_back({range, realm});
  return {};
}

}  // namespace tapdeck::config
