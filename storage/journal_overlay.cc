#include "storage/journal_overlay.h"

#include <algorithm>

#include "model/annotations.h"

namespace tapdeck::storage {

void apply_journal(const LedgerState& state, CallRecord& call) {
  if (!state.annotations().empty()) {
    const auto annotated = state.annotations().find(call.uid);
    if (annotated != state.annotations().end()) apply_annotations(annotated->second, call);
  }
  if (state.is_held(call.uid)) {
    RecordingInfo& recording = call.recording;
    recording.legal_holds = state.matters_of(call.uid);
    if (recording.lifecycle == RecordingLifecycle::kPresent) {
      recording.lifecycle = RecordingLifecycle::kHeld;
    }
  }
}

std::optional<std::vector<CallRecord>> without_erased(const LedgerState& state,
                                                      std::span<const CallRecord> calls) {
  if (state.erased().empty()) return std::nullopt;
  const auto untouched = [&](const CallRecord& call) { return state.erased_parts(call.uid) == 0; };
  if (std::all_of(calls.begin(), calls.end(), untouched)) return std::nullopt;
  std::vector<CallRecord> kept;
  for (const CallRecord& call : calls) {
    const RecordingParts parts = state.erased_parts(call.uid);
    if ((parts & kPartCdr) != 0) continue;
    kept.push_back(call);
    if ((parts & kPartMedia) == 0) continue;
    kept.back().recording.lifecycle = RecordingLifecycle::kErased;
  }
  return kept;
}

void strip_journal(const CallRecord& stored, CallRecord& call) {
  if (call.business != nullptr) call.business = stored.business;
  call.recording.legal_holds.clear();
  if (call.recording.lifecycle == RecordingLifecycle::kHeld) {
    call.recording.lifecycle = RecordingLifecycle::kPresent;
  }
}

}  // namespace tapdeck::storage
