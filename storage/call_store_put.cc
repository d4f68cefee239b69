#include <algorithm>

#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "model/call_codec.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {

std::vector<std::string> number_terms(const CallRecord& call) {
  std::vector<std::string> terms = searchable_numbers(call);
  bool cut = false;
  for (std::string& term : terms) {
    std::string kept = index_term(term);
    cut = cut || kept != term;
    term = std::move(kept);
  }
  if (!cut) return terms;  // sorted and without duplicates as they are
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

namespace {

// The first eight bytes as a number that sorts as they do; missing ones sort as zeros.
std::uint64_t sortable(std::string_view text) {
  std::array<char, 8> bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  return load_be<std::uint64_t>(bytes.data());
}

// Collects one put() into one batch.  Calls of this batch are seen by later ones of it.  What goes
// into a column family goes in by order of its keys: each insertion then begins where the one
// before it ended, with a fraction of the comparisons.
class BatchBuilder {
 public:
  BatchBuilder(const CallStore::Impl& store, std::size_t calls)
      : store_(store), max_total_us_(store.max_total_us) {
    pending_.reserve(calls);
    bytes_.reserve(calls * kBytesPerCall);
  }

  Result<void> add(const CallRecord& call);
  void add(std::span<const ExtentRow> rows);

  [[nodiscard]] rocksdb::WriteBatch finish();

  [[nodiscard]] std::int64_t max_total_us() const { return max_total_us_; }

  PendingCalls& pending() { return pending_; }

 private:
  static constexpr std::size_t kBytesPerCall = 2'048;

  // Key and value lie in bytes_, one behind the other.
  struct Change {
    std::uint64_t key_start = 0;  // the key's first bytes as a number that sorts as they do
    std::uint64_t key_next = 0;   // those behind
    std::size_t at = 0;
    std::uint32_t key_bytes = 0;
    std::uint32_t value_bytes = 0;
    bool remove = false;
  };

  Result<const PriorCall*> prior(const Uid& uid);
  void put_terms(const PriorCall* old, const PriorCall& fresh);
  void put_state(const PriorCall* old, const PriorCall& fresh, const CallRecord& call);
  Result<void> put_expiry(const PriorCall* old, const PriorCall& fresh, const Uid& uid);

  // The key is `head`, then `tail`.
  void note(Column column, std::string_view head, std::string_view tail, std::string_view value) {
    begin(column, head, tail);
    bytes_.append(value);
    end(column);
  }

  void begin(Column column, std::string_view head, std::string_view tail) {
    Change& change = changes_[static_cast<std::size_t>(column)].emplace_back();
    change.at = bytes_.size();
    change.key_bytes = static_cast<std::uint32_t>(head.size() + tail.size());
    bytes_.append(head).append(tail);
    const std::string_view key = key_of(change);
    change.key_start = sortable(key);
    if (key.size() > 8) change.key_next = sortable(key.substr(8));
  }

  // What stands behind the key since begin() is its value.
  std::string_view end(Column column) {
    Change& change = changes_[static_cast<std::size_t>(column)].back();
    change.value_bytes = static_cast<std::uint32_t>(bytes_.size() - change.at - change.key_bytes);
    return value_of(change);
  }

  void put(Column column, std::string_view key, std::string_view value) {
    note(column, key, {}, value);
  }

  void remove(Column column, std::string_view head, std::string_view tail) {
    begin(column, head, tail);
    changes_[static_cast<std::size_t>(column)].back().remove = true;
  }

  [[nodiscard]] std::string_view key_of(const Change& change) const {
    return std::string_view(bytes_).substr(change.at, change.key_bytes);
  }

  // Most keys differ early: their bytes, strewn over bytes_, need then not be looked at.
  [[nodiscard]] bool is_before(const Change& a, const Change& b) const {
    if (a.key_start != b.key_start) return a.key_start < b.key_start;
    if (a.key_next != b.key_next) return a.key_next < b.key_next;
    return key_of(a) < key_of(b);
  }

  [[nodiscard]] std::string_view value_of(const Change& change) const {
    return std::string_view(bytes_).substr(change.at + change.key_bytes, change.value_bytes);
  }

  const CallStore::Impl& store_;
  std::optional<UidFinder> finder_;
  std::array<std::vector<Change>, kColumnNames.size()> changes_;
  std::string bytes_;
  PendingCalls pending_;
  std::int64_t max_total_us_;
};

// Borrowed until the next add(); nullptr: there is none.
Result<const PriorCall*> BatchBuilder::prior(const Uid& uid) {
  const auto found = pending_.find(uid);
  if (found != pending_.end()) return &found->second;
  if (const PriorCall* recent = store_.recent.find(uid)) return recent;
  if (store_.recent.is_new(uid)) return nullptr;
  if (!finder_) finder_.emplace(store_);
  auto stored = finder_->find(uid);
  if (!stored) return Error(std::move(stored.error()));
  if (!*stored) return nullptr;
  const std::optional<CallRecord> call = decode_call_terms((*stored)->bytes);
  if (!call) return undecodable_call(view((*stored)->key));
  PriorCall& prior = pending_[uid];
  prior.key = (*stored)->key;
  prior.bytes = std::move((*stored)->bytes);
  prior.version = call->version;
  prior.state = call->state;
  prior.numbers = number_terms(*call);
  prior.call_id = index_term(call->call_id);
  prior.conversation = index_term(call->conversation_id);
  prior.expiry = expiry_rows(*call);
  prior.lifecycle = call->recording.lifecycle;
  return &prior;
}

// An entry that is there already is not written again.
void BatchBuilder::put_terms(const PriorCall* old, const PriorCall& fresh) {
  std::array<char, 1 + kCallKeyBytes> tail_bytes{};
  std::copy(fresh.key.begin(), fresh.key.end(), tail_bytes.begin() + 1);
  const std::string_view tail(tail_bytes.data(), tail_bytes.size());
  const auto has = [](const std::vector<std::string>& terms, const std::string& term) {
    return std::binary_search(terms.begin(), terms.end(), term);
  };
  if (old != nullptr) {
    for (const std::string& term : old->numbers) {
      if (!has(fresh.numbers, term)) remove(Column::kByNumber, term, tail);
    }
  }
  for (const std::string& term : fresh.numbers) {
    if (old == nullptr || !has(old->numbers, term)) note(Column::kByNumber, term, tail, {});
  }
  const std::string_view old_conversation =
      old == nullptr ? std::string_view() : std::string_view(old->conversation);
  if (old_conversation != fresh.conversation) {
    if (!old_conversation.empty()) remove(Column::kByConversation, old_conversation, tail);
    if (!fresh.conversation.empty()) note(Column::kByConversation, fresh.conversation, tail, {});
  }
  if (old != nullptr && old->call_id == fresh.call_id) return;
  if (old != nullptr) remove(Column::kByCallId, old->call_id, tail);
  note(Column::kByCallId, fresh.call_id, tail, {});
}

void BatchBuilder::put_state(const PriorCall* old, const PriorCall& fresh, const CallRecord& call) {
  const bool was_open = old != nullptr && old->state == CallState::kInProgress;
  if (fresh.state == CallState::kInProgress) {
    if (!was_open) put(Column::kMeta, open_key(fresh.key), {});
    return;
  }
  if (was_open) remove(Column::kMeta, open_key(fresh.key), {});
  std::int64_t total_us = 0;
  const std::int64_t begin_us = call_key_time_us(view(fresh.key));
  if (__builtin_sub_overflow(call_end_us(call), begin_us, &total_us)) return;
  if (total_us <= max_total_us_) return;
  max_total_us_ = total_us;
  put(Column::kMeta, kMaxTotalKey, big_endian(static_cast<std::uint64_t>(total_us)));
}

bool is_gone(RecordingLifecycle lifecycle) {
  return lifecycle == RecordingLifecycle::kErased || lifecycle == RecordingLifecycle::kExpired;
}

// Rows of the same times stay as they are.  Parts that are gone have none.
Result<void> BatchBuilder::put_expiry(const PriorCall* old,
                                      const PriorCall& fresh,
                                      const Uid& uid) {
  const auto as_view = [](const ExpiryKey& key) {
    return std::string_view(key.data(), key.size());
  };
  if (old != nullptr) {
    if (old->expiry == fresh.expiry) return {};
    for (const auto& [expires_us, ignored] : old->expiry) {
      for (RecordingParts parts = 1; parts <= kPartsAll; ++parts) {
        remove(Column::kExpiry, as_view(expiry_key(expires_us, uid, parts)), {});
      }
    }
  }
  if (fresh.expiry.count == 0) return {};
  auto gone = static_cast<RecordingParts>(store_.erased_parts(uid) & ~kPartCdr);
  if (is_gone(fresh.lifecycle)) gone = static_cast<RecordingParts>(gone | kPartMedia);
  if (old != nullptr && (old->expiry.count > 0 || is_gone(old->lifecycle))) {
    if (!finder_) finder_.emplace(store_);
    const auto destroyed = destroyed_parts(finder_->reader(), uid);
    if (!destroyed) return Error(destroyed.error());
    gone = static_cast<RecordingParts>(gone | *destroyed);
  }
  for (const auto& [expires_us, parts] : fresh.expiry) {
    const auto left = static_cast<RecordingParts>(parts & ~gone);
    if (left != 0) put(Column::kExpiry, as_view(expiry_key(expires_us, uid, left)), {});
  }
  return {};
}

Result<void> BatchBuilder::add(const CallRecord& call) {
  auto found = prior(call.uid);
  if (!found) return Error(std::move(found.error()));
  const PriorCall* old = *found;
  // Media that was destroyed does not come back with a version that was made before.
  if (old != nullptr && is_gone(old->lifecycle) && !is_gone(call.recording.lifecycle)) {
    CallRecord marked = call;
    marked.recording.lifecycle = old->lifecycle;
    return add(marked);
  }
  PriorCall fresh;
  // A call stays where its first version was filed, even if an earlier message turns up later.
  fresh.key = old == nullptr ? make_call_key(call.key_time_us(), call.uid) : old->key;
  if (old != nullptr && call.version < old->version) {
    begin(Column::kCalls, version_key(old->key, call.version), {});
    append_call(call, bytes_);
    end(Column::kCalls);
    return {};
  }
  if (old != nullptr && call.version > old->version) {
    put(Column::kCalls, version_key(old->key, old->version), old->bytes);
  }
  const std::int64_t offset_us = call_key_time_us(view(fresh.key)) - call.uid.start_ms() * 1'000;
  if (old == nullptr && (offset_us < 0 || offset_us >= 1'000)) {
    put(Column::kMeta, displaced_key(call.uid), view(fresh.key).substr(0, 8));
  }
  fresh.version = call.version;
  fresh.state = call.state;
  fresh.numbers = number_terms(call);
  fresh.call_id = index_term(call.call_id);
  fresh.conversation = index_term(call.conversation_id);
  fresh.expiry = expiry_rows(call);
  fresh.lifecycle = call.recording.lifecycle;
  begin(Column::kCalls, view(fresh.key), {});
  append_call(call, bytes_);
  fresh.bytes = end(Column::kCalls);
  put_terms(old, fresh);
  put_state(old, fresh, call);
  TD_TRY(put_expiry(old, fresh, call.uid));
  pending_.insert_or_assign(call.uid, std::move(fresh));
  return {};
}

// A key that changes twice keeps the order of its changes.  The memtable of Call-IDs has no order.
rocksdb::WriteBatch BatchBuilder::finish() {
  rocksdb::WriteBatch batch(bytes_.size() + bytes_.size() / 4);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const auto before = [this](const Change& a, const Change& b) { return is_before(a, b); };
    if (static_cast<Column>(i) != Column::kByCallId &&
        !std::is_sorted(changes_[i].begin(), changes_[i].end(), before)) {
      std::stable_sort(changes_[i].begin(), changes_[i].end(), before);
    }
    for (const Change& change : changes_[i]) {
      rocksdb::ColumnFamilyHandle* column = store_.columns[i];
      const rocksdb::Status status =
          change.remove ? batch.Delete(column, slice(key_of(change)))
                        : batch.Put(column, slice(key_of(change)), slice(value_of(change)));
      TD_ASSERT(status.ok());  // a batch in memory refuses nothing but keys of 4 GiB
    }
  }
  return batch;
}

// One kind of key after the other: rows of one segment that come in order need no sorting then.
void BatchBuilder::add(std::span<const ExtentRow> rows) {
  constexpr std::size_t kBytesPerRow = 160;
  bytes_.reserve(bytes_.size() + rows.size() * kBytesPerRow);
  for (const ExtentRow& row : rows) put(Column::kExtents, row_key(row), row.packed);
  for (const ExtentRow& row : rows) put(Column::kExtents, row_by_segment_key(row), {});
}

}  // namespace

Result<void> CallStore::put(std::span<const CallRecord> calls, std::span<const ExtentRow> rows) {
  if (calls.empty() && rows.empty()) return {};
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);  // counts every comparison otherwise
  const std::lock_guard lock(impl_->put_mutex);
  BatchBuilder builder(*impl_, calls.size());
  for (const CallRecord& call : calls) TD_TRY(builder.add(call));
  builder.add(rows);
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::WriteBatch batch = builder.finish();
  const rocksdb::Status status = impl_->db->Write(options, &batch);
  if (!status.ok()) return translate(status, "Writing to the call store " + impl_->directory);
  impl_->max_total_us = builder.max_total_us();
  impl_->recent.add(builder.pending());
  return {};
}

Result<void> write_synced_locked(CallStore::Impl& store, rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = store.db->Write(options, &batch);
  if (!status.ok()) return translate(status, "Writing to the call store " + store.directory);
  return {};
}

namespace {

Result<void> write_synced(CallStore::Impl& store, rocksdb::WriteBatch& batch) {
  if (batch.Count() == 0) return {};
  const std::lock_guard lock(store.put_mutex);
  return write_synced_locked(store, batch);
}

}  // namespace

void add_discard(const CallStore::Impl& store, const Discard& discard, rocksdb::WriteBatch& batch) {
  rocksdb::ColumnFamilyHandle* column = store.column(Column::kExtents);
  for (const auto& [row, until] : discard.rows) {
    batch.Delete(column, slice(row_key(row)));
    batch.Delete(column, slice(row_by_segment_key(row)));
    batch.Put(column, slice(discard_key(row)), slice(big_endian(until)));
  }
  for (const KeyClaim& claim : discard.claims) batch.Delete(column, slice(claim_key(claim)));
  for (const DestroyedPart& part : discard.destroyed) {
    batch.Put(column,
              slice(destroyed_key(part.recording, part.kind)),
              slice(big_endian(static_cast<std::uint64_t>(part.time_us))));
  }
  for (const auto& [recording, kind] : discard.forgotten) {
    batch.Delete(column, slice(destroyed_key(recording, kind)));
  }
}

Result<void> CallStore::discard(const Discard& discard) {
  rocksdb::WriteBatch batch;
  add_discard(*impl_, discard, batch);
  return write_synced(*impl_, batch);
}

Result<void> CallStore::claim_keys(std::span<const KeyClaim> claims) {
  rocksdb::WriteBatch batch;
  for (const KeyClaim& claim : claims) {
    const auto kind = static_cast<char>(claim.kind);
    batch.Put(impl_->column(Column::kExtents), slice(claim_key(claim)), slice({&kind, 1}));
  }
  return write_synced(*impl_, batch);
}

Result<void> CallStore::forget_discards(std::span<const SegmentId> segments) {
  rocksdb::WriteBatch batch;
  for (const SegmentId& segment : segments) {
    const auto discards = discards_in(segment);
    if (!discards) return Error(discards.error());
    for (const auto& [recording, ignored] : *discards) {
      const ExtentRow row{recording, {}, segment, {}};
      batch.Delete(impl_->column(Column::kExtents), slice(discard_key(row)));
    }
  }
  return write_synced(*impl_, batch);
}

}  // namespace tapdeck::storage
