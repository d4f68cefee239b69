// Values as JSON shows them: null where a record has nothing.
// Threads: any.  Memory: returns values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "control/call_json.h"
#include "control/text.h"

namespace tapdeck::control {

// Names from the model are "" where JSON shows null, and so are absent strings.
inline Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(to_valid_utf8(text));
}

inline Json time_or_null(const std::optional<std::int64_t>& time_us) {
  return time_us ? Json(format_rfc3339_us(*time_us)) : Json(nullptr);
}

template <typename T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace tapdeck::control
