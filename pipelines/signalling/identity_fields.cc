#include "pipelines/signalling/identity_fields.h"

#include <algorithm>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

constexpr bool is_hex(char c) {
  const char lower = to_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'f');
}

// Nothing for what is no UUID, an empty view for that of nobody.
std::optional<std::string_view> read_uuid(std::string_view text) {
  if (text.size() != kSessionUuidBytes || !std::all_of(text.begin(), text.end(), is_hex)) {
    return std::nullopt;
  }
  const bool is_nil = std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
  return is_nil ? std::string_view() : text;
}

}  // namespace

std::optional<SessionIdField> parse_session_id(std::string_view value) {
  const std::size_t semicolon = std::min(value.find(';'), value.size());
  const auto local = read_uuid(trim(value.substr(0, semicolon)));
  if (!local) return std::nullopt;
  SessionIdField field{*local, {}};
  if (semicolon == value.size()) return field;
  if (const auto remote = find_param(value.substr(semicolon), "remote")) {
    field.remote = read_uuid(*remote).value_or(std::string_view());
  }
  return field;
}

std::optional<ChargingVector> parse_charging_vector(std::string_view value) {
  ChargingVector vector;
  Param param;
  while (take_param(value, param)) {
    if (iequals(param.name, "icid-value")) {
      vector.icid = param.value;
    } else if (iequals(param.name, "icid-generated-at")) {
      vector.generated_at = param.value;
    } else if (iequals(param.name, "orig-ioi")) {
      vector.orig_ioi = param.value;
    } else if (iequals(param.name, "term-ioi")) {
      vector.term_ioi = param.value;
    }
  }
  if (vector.icid.empty()) return std::nullopt;
  return vector;
}

}  // namespace tapdeck::sip
