#include "storage/ledger_state.h"

#include <algorithm>

#include "base/assert.h"
#include "model/ledger_codec.h"

namespace tapdeck::storage {
namespace {

// A recording's key for SIP is also that of its details, which annotations belong to.
constexpr RecordingParts kPartsWithDetails = kPartSip | kPartCdr;
constexpr std::size_t kAnnotationOverheadBytes = 200;

std::string name_of(const LedgerRecord& record) {
  const std::string_view type = ledger_type_name(record.header.type);
  return "Entry " + std::to_string(record.header.sequence) + " of the ledger (" +
         (type.empty() ? "type " + std::to_string(record.header.type) : std::string(type)) + ")";
}

Error too_many(const LedgerRecord& record, std::string_view of_what, std::size_t max) {
  return make_error(ErrorCode::kResources,
                    name_of(record) + " makes more than " + std::to_string(max) + " " +
                        std::string(of_what) + ": the limit of this host.");
}

Error no_room(std::string_view for_what, std::size_t max) {
  return make_error(ErrorCode::kResources,
                    "This would make more than " + std::to_string(max) + " " +
                        std::string(for_what) + ": the limit of this host.");
}

Error damaged(const LedgerRecord& record, const std::string& why) {
  return make_error(ErrorCode::kCorrupt, name_of(record) + " " + why + ".");
}

// A newer version of tapdeck means by it what this one cannot know.
Error not_understood(const LedgerRecord& record, LedgerVerdict verdict) {
  const bool newer = verdict == LedgerVerdict::kUnknownType ||
                     verdict == LedgerVerdict::kUnknownEncoding ||
                     verdict == LedgerVerdict::kUnknownField;
  return make_error(
      newer ? ErrorCode::kUnsupported : ErrorCode::kCorrupt,
      name_of(record) + " is not understood: " + std::string(ledger_verdict_name(verdict)) + ".");
}

void take_later(std::optional<std::int64_t>& time, const std::optional<std::int64_t>& other) {
  if (other && (!time || *time < *other)) time = other;
}

std::size_t bytes_of(const std::string& key, const std::string& value) {
  return key.size() + value.size() + kAnnotationOverheadBytes;
}

}  // namespace

Result<LedgerState> LedgerState::restore(const Ledger& ledger, const LedgerStateLimits& limits) {
  LedgerState state(limits);
  const auto replayed = ledger.replay(0, [&](const LedgerRecord& record) -> Result<bool> {
    auto applied = state.apply(record);
    if (applied) return true;
    applied.error().message = ledger.place_of(record) + ": " + applied.error().message;
    return Error(std::move(applied.error()));
  });
  if (!replayed) return Error(replayed.error());
  return state;
}

// Of a whole group, as if nothing in it replaced or released anything.
Result<void> LedgerState::check_room(std::span<const LedgerEntry> entries) const {
  std::size_t orders = orders_;
  std::size_t held = held_.size();
  std::size_t bytes = annotation_bytes_;
  std::set<Uid> erased;
  std::set<Uid> extended;
  for (const LedgerEntry& entry : entries) {
    if (const auto* hold = std::get_if<Hold>(&entry.content)) {
      const auto matter = matters_.find(hold->matter);
      if (!hold->matched_hold) ++orders;
      for (const Uid& uid : hold->uids) {
        if (matter == matters_.end() || !held_.contains({uid, matter->second.id})) ++held;
      }
    } else if (const auto* annotation = std::get_if<Annotation>(&entry.content)) {
      for (const auto& [key, value] : annotation->values) bytes += bytes_of(key, value);
    } else if (std::holds_alternative<Erasure>(entry.content)) {
      if (!erased_.contains(entry.uid)) erased.insert(entry.uid);
    } else if (std::holds_alternative<Extension>(entry.content)) {
      if (!extended_.contains(entry.uid)) extended.insert(entry.uid);
    }
  }
  if (orders > limits_.orders_max) return no_room("active holds", limits_.orders_max);
  if (held > limits_.held_max) return no_room("held recordings", limits_.held_max);
  if (bytes > limits_.annotation_bytes_max) {
    return no_room("bytes of annotations", limits_.annotation_bytes_max);
  }
  if (erased_.size() + erased.size() > limits_.erased_max) {
    return no_room("erased recordings", limits_.erased_max);
  }
  if (extended_.size() + extended.size() > limits_.extended_max) {
    return no_room("lengthened recordings", limits_.extended_max);
  }
  return {};
}

Result<void> LedgerState::apply(const LedgerRecord& record) {
  TD_ASSERT(record.header.sequence == next_sequence_);
  const std::uint16_t type = record.header.type;
  if (ledger_type_name(type).empty()) return not_understood(record, LedgerVerdict::kUnknownType);
  const bool of_call = record.header.key_id != kNoKey;
  if (of_call && !goes_with_call(static_cast<LedgerType>(type))) {
    return damaged(record, "is under a key that it may not go with");
  }
  switch (record.state) {
    case LedgerContentState::kReadable: break;
    case LedgerContentState::kStoreDamaged:
      return damaged(record, "does not open under the store's key");
    case LedgerContentState::kNotCommitted:
      return damaged(record, "has another content than its leaf commits to");
    case LedgerContentState::kKeyGone:
    case LedgerContentState::kDoesNotOpen: {
      const bool gone = record.state == LedgerContentState::kKeyGone;
      const bool annotation = static_cast<LedgerType>(type) == LedgerType::kAnnotation;
      if (annotation) ++(gone ? figures_.annotations_gone : figures_.annotations_unreadable);
      ++next_sequence_;
      return {};
    }
  }
  LedgerContent content;
  const LedgerVerdict verdict =
      decode_ledger_content(type, record.header.uid, as_text(record.content), content);
  if (verdict != LedgerVerdict::kGood) return not_understood(record, verdict);
  TD_TRY(std::visit([&](const auto& of) { return put(record, of); }, content));
  ++next_sequence_;
  return {};
}

Result<void> LedgerState::put(const LedgerRecord& record, const Hold& hold) {
  auto matter = matters_.find(hold.matter);
  if (hold.matched_hold) {
    const bool active =
        matter != matters_.end() &&
        std::any_of(matter->second.orders.begin(),
                    matter->second.orders.end(),
                    [&](const HoldOrder& order) { return order.sequence == *hold.matched_hold; });
    if (!active) {
      ++figures_.stale_matches;
      return {};
    }
  } else if (orders_ >= limits_.orders_max) {
    return too_many(record, "active holds", limits_.orders_max);
  }
  const std::uint32_t id = matter == matters_.end() ? next_matter_ : matter->second.id;
  const auto fresh = static_cast<std::size_t>(
      std::count_if(hold.uids.begin(), hold.uids.end(), [&](const Uid& uid) {
        return !held_.contains({uid, id});
      }));
  if (fresh > limits_.held_max - std::min(limits_.held_max, held_.size())) {
    return too_many(record, "held recordings", limits_.held_max);
  }
  if (matter == matters_.end()) {
    matter = matters_.try_emplace(hold.matter).first;
    matter->second.id = next_matter_++;
    matter_names_.emplace(id, hold.matter);
  }
  for (const Uid& uid : hold.uids) held_.insert({uid, id});
  matter->second.held += fresh;
  if (hold.matched_hold) return {};
  ++orders_;
  matter->second.orders.push_back(
      {record.header.sequence, record.header.time_us, hold.actor, hold.reason, hold.future});
  return {};
}

Result<void> LedgerState::put(const LedgerRecord&, const Release& release) {
  const auto matter = matters_.find(release.matter);
  if (matter == matters_.end()) return {};
  const std::uint32_t id = matter->second.id;
  if (release.whole) {
    std::erase_if(held_, [id](const auto& pair) { return pair.second == id; });
    matter->second.held = 0;
    orders_ -= matter->second.orders.size();
    matter_names_.erase(id);
    matters_.erase(matter);
    return {};
  }
  for (const Uid& uid : release.uids) matter->second.held -= held_.erase({uid, id});
  drop_if_empty(matter);
  return {};
}

// Nothing is left of a matter that holds nothing and will hold nothing.
void LedgerState::drop_if_empty(std::map<std::string, HeldMatter>::iterator matter) {
  const std::vector<HoldOrder>& orders = matter->second.orders;
  const bool waits = std::any_of(orders.begin(), orders.end(), [](const HoldOrder& order) {
    return order.future.has_value();
  });
  if (waits || matter->second.held > 0) return;
  orders_ -= orders.size();
  matter_names_.erase(matter->second.id);
  matters_.erase(matter);
}

Result<void> LedgerState::put(const LedgerRecord& record, const Extension& extension) {
  const Uid& uid = record.header.uid;
  if (extended_.size() >= limits_.extended_max && !extended_.contains(uid)) {
    return too_many(record, "lengthened recordings", limits_.extended_max);
  }
  ExtendedTimes& times = extended_[uid];
  take_later(times.media_until_us, extension.media_until_us);
  take_later(times.sip_until_us, extension.sip_until_us);
  take_later(times.cdr_until_us, extension.cdr_until_us);
  return {};
}

Result<void> LedgerState::put(const LedgerRecord& record, const Erasure& erasure) {
  const Uid& uid = record.header.uid;
  if (erased_.size() >= limits_.erased_max && !erased_.contains(uid)) {
    return too_many(record, "erased recordings", limits_.erased_max);
  }
  RecordingParts& parts = erased_[uid];
  parts = static_cast<RecordingParts>(parts | erasure.parts);
  drop_parts(uid, erasure.parts);
  return {};
}

Result<void> LedgerState::put(const LedgerRecord&, const Expiry& expiry) {
  for (const Uid& uid : expiry.uids) drop_parts(uid, expiry.parts);
  return {};
}

void LedgerState::drop_parts(const Uid& uid, RecordingParts parts) {
  if ((parts & kPartsWithDetails) != 0) drop_annotations(uid);
  const auto times = extended_.find(uid);
  if (times == extended_.end()) return;
  if ((parts & kPartMedia) != 0) times->second.media_until_us.reset();
  if ((parts & kPartSip) != 0) times->second.sip_until_us.reset();
  if ((parts & kPartCdr) != 0) times->second.cdr_until_us.reset();
  if (times->second == ExtendedTimes{}) extended_.erase(times);
}

void LedgerState::drop_annotations(const Uid& uid) {
  const auto found = annotations_.find(uid);
  if (found == annotations_.end()) return;
  for (const auto& [key, value] : found->second) annotation_bytes_ -= bytes_of(key, value);
  annotations_.erase(found);
}

Result<void> LedgerState::put(const LedgerRecord& record, const Annotation& annotation) {
  std::size_t added = 0;
  for (const auto& [key, value] : annotation.values) added += bytes_of(key, value);
  if (annotation_bytes_ + added > limits_.annotation_bytes_max) {
    return too_many(record, "bytes of annotations", limits_.annotation_bytes_max);
  }
  Annotations& values = annotations_[record.header.uid];
  for (const auto& [key, value] : annotation.values) {
    const auto there = values.find(key);
    if (there != values.end()) {
      annotation_bytes_ -= bytes_of(key, there->second);
      values.erase(there);
    }
    if (value.empty()) continue;
    annotation_bytes_ += bytes_of(key, value);
    values.emplace(key, value);
  }
  if (values.empty()) annotations_.erase(record.header.uid);
  return {};
}

bool LedgerState::is_held(const Uid& uid) const {
  const auto at = held_.lower_bound({uid, 0});
  return at != held_.end() && at->first == uid;
}

std::vector<std::string> LedgerState::matters_of(const Uid& uid) const {
  std::vector<std::string> names;
  for (auto at = held_.lower_bound({uid, 0}); at != held_.end() && at->first == uid; ++at) {
    names.push_back(matter_names_.find(at->second)->second);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Uid> LedgerState::held_by(const std::string& matter) const {
  std::vector<Uid> uids;
  const auto found = matters_.find(matter);
  if (found == matters_.end()) return uids;
  uids.reserve(found->second.held);
  for (const auto& [uid, id] : held_) {
    if (id == found->second.id) uids.push_back(uid);
  }
  return uids;
}

RecordingParts LedgerState::erased_parts(const Uid& uid) const {
  const auto found = erased_.find(uid);
  return found == erased_.end() ? RecordingParts{0} : found->second;
}

}  // namespace tapdeck::storage
