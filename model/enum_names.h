// Names of enumerators, by their values.
// Threads: plain functions.  Memory: none.  Errors: what has no name is empty.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tapdeck {

template <typename Enum, std::size_t kCount>
constexpr std::string_view name_of(const std::array<std::string_view, kCount>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kCount ? names[index] : std::string_view{};
}

}  // namespace tapdeck
