#include "tests/unit/pipelines_retention/fake_store.h"

namespace tapdeck::retention {

Result<void> FakeStore::move_expiry(const Uid& uid, const storage::ExtendedTimes& times) {
  TD_TRY(fail());
  const auto found = calls.find(uid);
  if (found == calls.end()) return make_error(ErrorCode::kNotFound, "no call");
  RecordingInfo& recording = found->second.recording;
  if (times.media_until_us) recording.expires_us = times.media_until_us;
  if (times.sip_until_us) recording.sip_expires_us = times.sip_until_us;
  if (times.cdr_until_us) recording.cdr_expires_us = times.cdr_until_us;
  return {};
}

void FakeStore::retire(const storage::RecordingPartsOf& each, RecordingLifecycle lifecycle) {
  RecordingParts& there = parts[each.uid];
  there = static_cast<RecordingParts>(there & ~each.parts);
  const auto slot = slots.find(each.uid);
  if (slot != slots.end() && (each.parts & (kPartSip | kPartCdr)) != 0) {
    EXPECT_TRUE(directory_.keys().destroy(slot->second, each.uid));
    slots.erase(slot);
  }
  const auto call = calls.find(each.uid);
  if (call == calls.end()) return;
  if ((each.parts & kPartMedia) != 0) call->second.recording.lifecycle = lifecycle;
  if ((each.parts & kPartCdr) != 0) calls.erase(call);
}

void FakeStore::add_rows(const CallRecord& call,
                         std::int64_t until_us,
                         std::vector<storage::DueParts>& to) {
  const RecordingInfo& recording = call.recording;
  const int there = parts[call.uid] | kPartCdr;
  const auto add = [&](RecordingParts part, const std::optional<std::int64_t>& expires_us) {
    if ((there & part) == 0 || !expires_us || *expires_us >= until_us) return;
    for (storage::DueParts& row : to) {
      if (row.expires_us != *expires_us) continue;
      row.what.parts = static_cast<RecordingParts>(row.what.parts | part);
      return;
    }
    to.push_back({*expires_us, {call.uid, part}});
  };
  add(kPartMedia, recording.expires_us);
  add(kPartSip, recording.sip_expires_us);
  add(kPartCdr, recording.cdr_expires_us);
}

Result<void> FakeStore::check_backup(const std::string& destination) {
  if (destination == "/there") return make_error(ErrorCode::kAlreadyExists, destination);
  return {};
}

}  // namespace tapdeck::retention
