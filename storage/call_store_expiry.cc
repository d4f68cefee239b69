// When parts of ended calls are due.  Keys: docs/formats/call_store.md.
#include <algorithm>

#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

std::string_view as_view(const ExpiryKey& key) { return {key.data(), key.size()}; }

DueParts parse(std::string_view key) {
  return {call_key_time_us(key),
          {call_key_uid(key), static_cast<RecordingParts>(key[kCallKeyBytes])}};
}

}  // namespace

ExpiryKey expiry_key(std::int64_t expires_us, const Uid& uid, RecordingParts parts) {
  ExpiryKey key{};
  const CallKey head = make_call_key(expires_us, uid);
  std::copy(head.begin(), head.end(), key.begin());
  key.back() = static_cast<char>(parts);
  return key;
}

ExpiryRows expiry_rows(const CallRecord& call) {
  ExpiryRows due;
  if (!call.final) return due;
  const RecordingInfo& recording = call.recording;
  const auto add = [&due](RecordingParts part, std::optional<std::int64_t> expires_us) {
    if (!expires_us) return;
    for (std::size_t i = 0; i < due.count; ++i) {
      if (due.rows[i].expires_us != *expires_us) continue;
      due.rows[i].parts = static_cast<RecordingParts>(due.rows[i].parts | part);
      return;
    }
    due.rows[due.count++] = {*expires_us, part};
  };
  add(kPartMedia, recording.expires_us);
  add(kPartSip, recording.sip_expires_us);
  add(kPartCdr, recording.cdr_expires_us);
  return due;
}

Result<RecordingParts> destroyed_parts(const Reader& reader, const Uid& uid) {
  RecordingParts parts = 0;
  for (const auto& [kind, part] :
       {std::pair{SegmentKind::kMedia, kPartMedia}, std::pair{SegmentKind::kSip, kPartSip}}) {
    const auto mark = reader.get(Column::kExtents, destroyed_key(uid, kind));
    if (!mark) return Error(mark.error());
    if (*mark) parts = static_cast<RecordingParts>(parts | part);
  }
  return parts;
}

Result<std::vector<DueParts>> CallStore::due(std::int64_t until_us,
                                             std::size_t most,
                                             const std::optional<DueParts>& after) const {
  std::vector<DueParts> found;
  const Reader reader(*impl_);
  std::string lower;
  if (after) {
    lower = as_view(expiry_key(after->expires_us, after->what.uid, after->what.parts));
    lower.push_back('\0');
  }
  const CallKey upper = first_call_key(until_us);
  if (lower >= view(upper)) return found;
  Walk walk(reader, Column::kExpiry, lower, std::string(view(upper)));
  for (; walk.valid() && found.size() < most; walk.next()) {
    if (walk.key().size() != kCallKeyBytes + 1) {
      return make_error(ErrorCode::kCorrupt,
                        "The index of expiry has a key that is none of its own.");
    }
    found.push_back(parse(walk.key()));
  }
  TD_TRY(walk.status());
  return found;
}

}  // namespace tapdeck::storage
