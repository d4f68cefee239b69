#include <algorithm>

#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include "base/clock.h"
#include "model/call_codec.h"
#include "storage/call_store_batch.h"
#include "storage/call_store_read.h"
#include "storage/retention_store.h"

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

// Collects one put() into one batch.  Calls of this batch are seen by later ones of it.
class BatchBuilder {
 public:
  BatchBuilder(const CallStore::Impl& store, std::size_t calls)
      : store_(store), batch_(store), max_total_us_(store.max_total_us) {
    pending_.reserve(calls);
    batch_.reserve(calls * kBytesPerCall);
  }

  Result<void> add(const CallRecord& call);
  void add(std::span<const ExtentRow> rows);

  [[nodiscard]] rocksdb::WriteBatch finish() { return batch_.finish(); }

  [[nodiscard]] std::int64_t max_total_us() const { return max_total_us_; }

  PendingCalls& pending() { return pending_; }

 private:
  static constexpr std::size_t kBytesPerCall = 2'048;

  Result<const PriorCall*> prior(const Uid& uid);
  void drop_older(const PriorCall& old);
  void put_terms(const PriorCall* old, const PriorCall& fresh);
  void put_state(const PriorCall* old, const PriorCall& fresh, const CallRecord& call);
  Result<void> put_expiry(const PriorCall* old, const PriorCall& fresh, const Uid& uid);

  const CallStore::Impl& store_;
  std::optional<UidFinder> finder_;
  SortedBatch batch_;
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
  prior.masked = call->masked;
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
      if (!has(fresh.numbers, term)) batch_.remove(Column::kByNumber, term, tail);
    }
  }
  for (const std::string& term : fresh.numbers) {
    if (old == nullptr || !has(old->numbers, term)) batch_.put(Column::kByNumber, term, tail, {});
  }
  const std::string_view old_conversation =
      old == nullptr ? std::string_view() : std::string_view(old->conversation);
  if (old_conversation != fresh.conversation) {
    if (!old_conversation.empty()) batch_.remove(Column::kByConversation, old_conversation, tail);
    if (!fresh.conversation.empty())
      batch_.put(Column::kByConversation, fresh.conversation, tail, {});
  }
  if (old != nullptr && old->call_id == fresh.call_id) return;
  if (old != nullptr) batch_.remove(Column::kByCallId, old->call_id, tail);
  batch_.put(Column::kByCallId, fresh.call_id, tail, {});
}

void BatchBuilder::put_state(const PriorCall* old, const PriorCall& fresh, const CallRecord& call) {
  const bool was_open = old != nullptr && old->state == CallState::kInProgress;
  if (fresh.state == CallState::kInProgress) {
    if (!was_open) batch_.put(Column::kMeta, open_key(fresh.key), {});
    return;
  }
  if (was_open) batch_.remove(Column::kMeta, open_key(fresh.key), {});
  std::int64_t total_us = 0;
  const std::int64_t begin_us = call_key_time_us(view(fresh.key));
  if (__builtin_sub_overflow(call_end_us(call), begin_us, &total_us)) return;
  if (total_us <= max_total_us_) return;
  max_total_us_ = total_us;
  batch_.put(Column::kMeta, kMaxTotalKey, big_endian(static_cast<std::uint64_t>(total_us)));
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
        batch_.remove(Column::kExpiry, as_view(expiry_key(expires_us, uid, parts)));
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
    if (left != 0) batch_.put(Column::kExpiry, as_view(expiry_key(expires_us, uid, left)), {});
  }
  return {};
}

// Of a call that is to be masked from now on: none of its versions keeps a whole number.  Those
// that were stored leave the files when retention has them rewritten.
void BatchBuilder::drop_older(const PriorCall& old) {
  for (std::uint32_t version = 1; version < old.version; ++version) {
    batch_.remove(Column::kCalls, version_key(old.key, version));
  }
  batch_.put(Column::kMeta, user_key(kMaskedValue), std::to_string(wall_now_ns() / kNsPerUs));
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
    if (old->masked && !call.masked) return {};
    batch_.begin(Column::kCalls, version_key(old->key, call.version), {});
    append_call(call, batch_.bytes());
    batch_.end(Column::kCalls);
    return {};
  }
  if (old != nullptr && call.masked && !old->masked) {
    drop_older(*old);
  } else if (old != nullptr && call.version > old->version) {
    batch_.put(Column::kCalls, version_key(old->key, old->version), old->bytes);
  }
  const std::int64_t offset_us = call_key_time_us(view(fresh.key)) - call.uid.start_ms() * 1'000;
  if (old == nullptr && (offset_us < 0 || offset_us >= 1'000)) {
    batch_.put(Column::kMeta, displaced_key(call.uid), view(fresh.key).substr(0, 8));
  }
  fresh.version = call.version;
  fresh.state = call.state;
  fresh.numbers = number_terms(call);
  fresh.call_id = index_term(call.call_id);
  fresh.conversation = index_term(call.conversation_id);
  fresh.expiry = expiry_rows(call);
  fresh.lifecycle = call.recording.lifecycle;
  fresh.masked = call.masked;
  batch_.begin(Column::kCalls, view(fresh.key), {});
  append_call(call, batch_.bytes());
  fresh.bytes = batch_.end(Column::kCalls);
  put_terms(old, fresh);
  put_state(old, fresh, call);
  TD_TRY(put_expiry(old, fresh, call.uid));
  pending_.insert_or_assign(call.uid, std::move(fresh));
  return {};
}

// One kind of key after the other: rows of one segment that come in order need no sorting then.
void BatchBuilder::add(std::span<const ExtentRow> rows) {
  constexpr std::size_t kBytesPerRow = 160;
  batch_.reserve(rows.size() * kBytesPerRow);
  for (const ExtentRow& row : rows) batch_.put(Column::kExtents, row_key(row), row.packed);
  for (const ExtentRow& row : rows) batch_.put(Column::kExtents, row_by_segment_key(row), {});
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

Result<void> CallStore::discard(const Discard& discard) {
  SortedBatch changes(*impl_);
  add_discard(discard, changes);
  rocksdb::WriteBatch batch = changes.finish();
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
