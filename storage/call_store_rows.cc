#include <algorithm>

#include "base/bytes.h"
#include "model/call_codec.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kFaultsMax = 1'000;

Error corrupt_row() {
  return make_error(ErrorCode::kCorrupt, "The extents index has a key that is none of its own.");
}

// Compares index entries with the calls they point to, both ways.
class Checker {
 public:
  explicit Checker(const CallStore::Impl& store) : reader_(store) {}

  Result<std::vector<StoreFault>> run() {
    TD_TRY(check_calls());
    TD_TRY(check_entries(Column::kByNumber));
    TD_TRY(check_entries(Column::kByCallId));
    TD_TRY(check_entries(Column::kByConversation));
    TD_TRY(check_events(reader_, faults_));
    return std::move(faults_);
  }

 private:
  static std::vector<std::string> terms_of(Column column, const CallRecord& call) {
    if (column == Column::kByCallId) return {index_term(call.call_id)};
    if (column == Column::kByConversation) {
      if (call.conversation_id.empty()) return {};
      return {index_term(call.conversation_id)};
    }
    std::vector<std::string> terms;
    for (const std::string& number : searchable_numbers(call)) terms.push_back(index_term(number));
    return terms;
  }

  [[nodiscard]] bool full() const { return faults_.size() >= kFaultsMax; }

  void report(std::string_view key, std::string what) {
    faults_.push_back({"call " + to_string(call_key_uid(key)), std::move(what)});
  }

  Result<void> check_calls() {
    Walk walk(reader_, Column::kCalls, {}, {});
    for (; walk.valid() && !full(); walk.next()) {
      const std::string_view key = walk.key();
      if (key.size() < kCallKeyBytes) {
        faults_.push_back({"calls", "a key is too short"});
        continue;
      }
      const std::optional<CallRecord> call = decode_call(walk.value());
      if (!call || call->uid != call_key_uid(key)) {
        report(key, "its record cannot be decoded");
      } else if (key.size() == kCallKeyBytes) {
        TD_TRY(check_indexed(Column::kByNumber, key, *call));
        TD_TRY(check_indexed(Column::kByCallId, key, *call));
        TD_TRY(check_indexed(Column::kByConversation, key, *call));
        TD_TRY(check_open(key, *call));
      }
    }
    return walk.status();
  }

  Result<void> check_indexed(Column column, std::string_view key, const CallRecord& call) {
    for (const std::string& term : terms_of(column, call)) {
      const auto entry = reader_.get(column, index_key(term, key));
      if (!entry) return Error(entry.error());
      if (!*entry) report(key, "it has no entry in an index");
    }
    return {};
  }

  Result<void> check_open(std::string_view key, const CallRecord& call) {
    const auto entry =
        reader_.get(Column::kMeta, open_key(make_call_key(call_key_time_us(key), call.uid)));
    if (!entry) return Error(entry.error());
    if (entry->has_value() != (call.state == CallState::kInProgress)) {
      report(key, "the list of open calls disagrees with its state");
    }
    return {};
  }

  Result<void> check_entries(Column column) {
    Walk walk(reader_, column, {}, {});
    for (; walk.valid() && !full(); walk.next()) {
      if (walk.key().size() <= kCallKeyBytes) {
        faults_.push_back({kColumnNames[static_cast<std::size_t>(column)], "a key is too short"});
        continue;
      }
      const std::string_view term = walk.key().substr(0, walk.key().size() - kCallKeyBytes - 1);
      const std::string_view key = walk.key().substr(term.size() + 1);
      const auto bytes = reader_.get(Column::kCalls, key);
      if (!bytes) return Error(bytes.error());
      const std::optional<CallRecord> call = *bytes ? decode_call(**bytes) : std::nullopt;
      if (!call) {
        report(key, "an index entry points to no such call");
        continue;
      }
      const std::vector<std::string> terms = terms_of(column, *call);
      if (std::find(terms.begin(), terms.end(), term) == terms.end()) {
        report(key, "an index entry is not of this call");
      }
    }
    return walk.status();
  }

  Reader reader_;
  std::vector<StoreFault> faults_;
};

Result<void> add_rows(Walk& walk, const Uid& recording, std::vector<ExtentRow>& rows) {
  const std::string prefix = row_prefix(recording);
  for (walk.restart(prefix, successor(prefix)); walk.valid(); walk.next()) {
    std::optional<ExtentRow> row = parse_row_key(walk.key());
    if (!row) return corrupt_row();
    row->packed = walk.value();
    rows.push_back(std::move(*row));
  }
  return walk.status();
}

Result<void> add_claims(Walk& walk, const Uid& recording, std::vector<KeyClaim>& claims) {
  const std::string prefix = claim_prefix(recording);
  for (walk.restart(prefix, successor(prefix)); walk.valid(); walk.next()) {
    const std::optional<KeyClaim> claim = parse_claim(walk.key(), walk.value());
    if (!claim) return corrupt_row();
    claims.push_back(*claim);
  }
  return walk.status();
}

Result<void> add_marks(Walk& walk, const Uid& recording, std::vector<SegmentKind>& kinds) {
  const std::string prefix = destroyed_prefix(recording);
  for (walk.restart(prefix, successor(prefix)); walk.valid(); walk.next()) {
    const std::optional<SegmentKind> kind = parse_kind(walk.key().back());
    if (walk.key().size() != prefix.size() + 1 || !kind) return corrupt_row();
    kinds.push_back(*kind);
  }
  return walk.status();
}

// Gives the rows whose keys begin with `prefix` in the recording's order to `sink`.
Result<void> walk_rows(const Reader& reader, const std::string& prefix, const ExtentRowSink& sink) {
  Walk walk(reader, Column::kExtents, prefix, successor(prefix));
  for (; walk.valid(); walk.next()) {
    std::optional<ExtentRow> row = parse_row_key(walk.key());
    if (!row) return corrupt_row();
    row->packed = walk.value();
    if (!sink(*row)) return {};
  }
  return walk.status();
}

}  // namespace

Result<std::vector<ExtentRow>> CallStore::rows_of(const Uid& recording) const {
  const Reader reader(*impl_);
  Walk walk(reader, Column::kExtents, Walk::Reach::kPrefix);
  std::vector<ExtentRow> rows;
  TD_TRY(add_rows(walk, recording, rows));
  return rows;
}

Result<void> RecordingFinder::find_rows(const Uid& uid, StoredRecording& found) {
  found.rows.clear();
  found.claims.clear();
  found.destroyed.clear();
  TD_TRY(add_rows(rows_, uid, found.rows));
  TD_TRY(add_claims(claims_, uid, found.claims));
  return add_marks(marks_, uid, found.destroyed);
}

Result<void> CallStore::for_each_row(const ExtentRowSink& sink) const {
  return walk_rows(Reader(*impl_), row_prefix({}).substr(0, 1), sink);
}

Result<void> CallStore::for_each_row(const SegmentId& segment, const ExtentRowSink& sink) const {
  const Reader reader(*impl_);
  const std::string prefix = segment_prefix(segment);
  Walk walk(reader, Column::kExtents, prefix, successor(prefix), Walk::Reach::kPrefix);
  for (; walk.valid(); walk.next()) {
    std::optional<ExtentRow> row = parse_row_by_segment_key(walk.key());
    if (!row) return corrupt_row();
    auto packed = reader.get(Column::kExtents, row_key(*row));
    if (!packed) return Error(std::move(packed.error()));
    if (!*packed) return corrupt_row();
    row->packed = std::move(**packed);
    if (!sink(*row)) return {};
  }
  return walk.status();
}

Result<std::map<Uid, std::uint64_t>> CallStore::discards_in(const SegmentId& segment) const {
  const Reader reader(*impl_);
  const std::string prefix = discard_prefix(segment);
  std::map<Uid, std::uint64_t> discards;
  Walk walk(reader, Column::kExtents, prefix, successor(prefix), Walk::Reach::kPrefix);
  for (; walk.valid(); walk.next()) {
    const std::optional<Uid> recording = parse_discard_key(walk.key());
    if (!recording || walk.value().size() != 8) return corrupt_row();
    discards.emplace(*recording, load_be<std::uint64_t>(walk.value().data()));
  }
  TD_TRY(walk.status());
  return discards;
}

Result<bool> CallStore::has_rows(const SegmentId& segment) const {
  const Reader reader(*impl_);
  const std::string prefix = segment_prefix(segment);
  const Walk walk(reader, Column::kExtents, prefix, successor(prefix), Walk::Reach::kPrefix);
  if (walk.valid()) return true;
  TD_TRY(walk.status());
  return false;
}

// From one segment's to the next one's: what is between is not looked at.
Result<std::vector<SegmentId>> CallStore::segments_with_discards() const {
  const Reader reader(*impl_);
  const std::string tag = discard_prefix({}).substr(0, 1);
  std::vector<SegmentId> segments;
  Walk walk(reader, Column::kExtents, tag, successor(tag));
  while (walk.valid()) {
    if (walk.key().size() < kExtentPrefixBytes) return corrupt_row();
    SegmentId& segment = segments.emplace_back();
    std::copy_n(walk.key().begin() + 1, segment.size(), segment.begin());
    const std::string next = successor(discard_prefix(segment));
    walk.seek(next);
  }
  TD_TRY(walk.status());
  return segments;
}

Result<std::vector<KeyClaim>> CallStore::claims_of(const Uid& recording) const {
  const Reader reader(*impl_);
  Walk walk(reader, Column::kExtents, Walk::Reach::kPrefix);
  std::vector<KeyClaim> claims;
  TD_TRY(add_claims(walk, recording, claims));
  return claims;
}

Result<std::optional<std::int64_t>> CallStore::destroyed_at(const Uid& recording,
                                                            SegmentKind kind) const {
  const auto value = Reader(*impl_).get(Column::kExtents, destroyed_key(recording, kind));
  if (!value) return Error(value.error());
  if (!*value) return std::optional<std::int64_t>{};
  if ((*value)->size() != 8) return corrupt_row();
  return std::optional(static_cast<std::int64_t>(load_be<std::uint64_t>((*value)->data())));
}

Result<std::vector<StoreFault>> CallStore::check() const { return Checker(*impl_).run(); }

}  // namespace tapdeck::storage
