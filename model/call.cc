#include "model/call.h"

#include <array>

#include "model/enum_names.h"

namespace tapdeck {
namespace {

// Each table is indexed by the enumerator's value.
constexpr std::array<std::string_view, 3> kStates = {"in_progress", "ended", "interrupted"};
constexpr std::array<std::string_view, 8> kOutcomes = {
    "unknown", "answered", "busy", "no_answer", "cancelled", "rejected", "failed", "redirected"};
constexpr std::array<std::string_view, 8> kEndReasons = {
    "", "bye", "cancel", "failure", "media_timeout", "session_expired", "capture_ended", "crash"};
constexpr std::array<std::string_view, 3> kHangups = {"", "caller", "callee"};
constexpr std::array<std::string_view, 5> kRoles = {
    "unknown", "caller", "callee", "transfer_target", "fork"};
constexpr std::array<std::string_view, 5> kDirections = {
    "", "inbound", "outbound", "internal", "transit"};
constexpr std::array<std::string_view, 4> kRecordingStates = {
    "pending", "recorded", "recorded_with_gaps", "not_recorded"};
constexpr std::array<std::string_view, 16> kRecordingReasons = {"",
                                                                "direction_missing",
                                                                "late_start",
                                                                "early_end",
                                                                "loss",
                                                                "loss_by_us",
                                                                "paused",
                                                                "partly_encrypted",
                                                                "not_answered",
                                                                "policy",
                                                                "no_media",
                                                                "encrypted_without_key",
                                                                "unknown_codec",
                                                                "resources",
                                                                "interrupted",
                                                                "truncated"};
constexpr std::array<std::string_view, 4> kLifecycles = {"present", "held", "erased", "expired"};

template <typename Enum, std::size_t kCount>
std::optional<Enum> value_of(const std::array<std::string_view, kCount>& names,
                             std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view call_state_name(CallState state) { return name_of(kStates, state); }

std::string_view call_outcome_name(CallOutcome outcome) { return name_of(kOutcomes, outcome); }

std::string_view end_reason_name(EndReason reason) { return name_of(kEndReasons, reason); }

std::string_view hangup_by_name(HangupBy by) { return name_of(kHangups, by); }

std::string_view party_role_name(PartyRole role) { return name_of(kRoles, role); }

std::string_view call_direction_name(CallDirection direction) {
  return name_of(kDirections, direction);
}

std::string_view recording_state_name(RecordingState state) {
  return name_of(kRecordingStates, state);
}

std::string_view recording_reason_name(RecordingReason reason) {
  return name_of(kRecordingReasons, reason);
}

std::string_view recording_lifecycle_name(RecordingLifecycle lifecycle) {
  return name_of(kLifecycles, lifecycle);
}

std::optional<CallOutcome> parse_outcome(std::string_view name) {
  return value_of<CallOutcome>(kOutcomes, name);
}

std::optional<CallDirection> parse_direction(std::string_view name) {
  return value_of<CallDirection>(kDirections, name);
}

std::optional<RecordingState> parse_recording_state(std::string_view name) {
  return value_of<RecordingState>(kRecordingStates, name);
}

}  // namespace tapdeck
