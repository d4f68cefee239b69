#include "config/policies.h"

#include <algorithm>

namespace tapdeck::config {

std::string_view name_of(NumberKey key) {
  static constexpr std::array<std::string_view, kNumberKeyCount> kNames{
      "number", "caller", "callee", "asserted", "diverted"};
  return kNames[static_cast<std::size_t>(key)];
}

std::string_view name_of(TextKey key) {
  static constexpr std::array<std::string_view, kTextKeyCount> kNames{
      "trunk", "direction", "agent", "team", "client"};
  return kNames[static_cast<std::size_t>(key)];
}

bool MatchBlock::empty() const {
  const auto none = [](const auto& values) { return values.empty(); };
  return std::ranges::all_of(numbers, none) && std::ranges::all_of(texts, none) &&
         headers.empty() && times.empty();
}

std::span<const std::string_view> words_of(RecordChoice) {
  static constexpr std::array<std::string_view, 3> kWords{"none", "audio", "audio+video"};
  return kWords;
}

std::span<const std::string_view> words_of(LogDetail) {
  static constexpr std::array<std::string_view, 3> kWords{"full", "masked", "none"};
  return kWords;
}

std::span<const std::string_view> words_of(DiscardKeep) {
  static constexpr std::array<std::string_view, 2> kWords{"discard", "keep"};
  return kWords;
}

}  // namespace tapdeck::config
