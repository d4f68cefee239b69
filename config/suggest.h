// "Did you mean": the known word nearest to one that is not known.
// Threads: any.  Memory: two short rows during the call.
#pragma once

#include <span>
#include <string_view>

namespace tapdeck::config {

// The nearest of `known` by edits, or empty when none is near enough to be meant.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace tapdeck::config
