// What goes of calls for good: their records, and all that leads to those.
#include <algorithm>

#include "model/call_codec.h"
#include "model/pseudonym.h"
#include "storage/call_store_batch.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

// So many recordings in order of their uids, all that are due, are probably neighbours.
constexpr std::size_t kSideBySideMin = 64;

// Collects what one call's removal changes.  Each call once: it sees what was there before.
class Remover {
 public:
  explicit Remover(const CallStore::Impl& store)
      : finder_(store),
        due_(finder_.calls().reader(), Column::kExpiry, Walk::Reach::kAnywhere),
        batch_(store),
        max_total_us_(store.max_total_us) {}

  // Of many in ascending order, none of them behind `last`.
  Remover(const CallStore::Impl& store, const Uid& last)
      : finder_(store, last),
        due_(finder_.calls().reader(), Column::kExpiry, std::string()),
        batch_(store),
        max_total_us_(store.max_total_us) {}

  // Adds to the discards of `retirement`, and not yet those to the batch.
  Result<void> retire(const RecordingPartsOf& what, Retirement& retirement);
  Result<void> replace(const CallRecord& call);

  SortedBatch& batch() { return batch_; }

  [[nodiscard]] std::int64_t max_total_us() const { return max_total_us_; }

 private:
  template <typename Change>
  void for_each_term(const CallRecord& call, std::string_view key, Change change) {
    for (const std::string& term : number_terms(call)) {
      change(Column::kByNumber, index_key(term, key));
    }
    change(Column::kByCallId, index_key(index_term(call.call_id), key));
    if (call.conversation_id.empty()) return;
    change(Column::kByConversation, index_key(index_term(call.conversation_id), key));
  }

  Result<void> remove_due(const CallRecord& call, RecordingParts parts);
  Result<void> remove_record(StoredCall& stored,
                             const RecordingPartsOf& what,
                             RecordingLifecycle lifecycle);
  Result<void> remove_all(const StoredCall& stored);

  [[nodiscard]] static bool is_displaced(const StoredCall& stored) {
    const std::int64_t offset_us =
        call_key_time_us(view(stored.key)) - stored.call.uid.start_ms() * 1'000;
    return offset_us < 0 || offset_us >= 1'000;
  }

  RecordingFinder finder_;
  Walk due_;
  StoredRecording found_;  // the last one
  SortedBatch batch_;
  std::int64_t max_total_us_;
};

// The rows that are there, whatever was retired before; what they say of other parts stays.
Result<void> Remover::remove_due(const CallRecord& call, RecordingParts parts) {
  for (const auto& [expires_us, ignored] : expiry_rows(call)) {
    const std::string prefix(view(make_call_key(expires_us, call.uid)));
    due_.restart(prefix, successor(prefix));
    for (; due_.valid(); due_.next()) {
      const auto there = static_cast<RecordingParts>(due_.key().back());
      const auto left = static_cast<RecordingParts>(there & ~parts);
      if (left == there) continue;
      batch_.remove(Column::kExpiry, due_.key());
      if (left == 0) continue;
      const ExpiryKey key = expiry_key(expires_us, call.uid, left);
      batch_.put(Column::kExpiry, {key.data(), key.size()}, {});
    }
    TD_TRY(due_.status());
  }
  return {};
}

// But for what lies under keys of the newest version alone, which replace() writes again.
Result<void> Remover::remove_all(const StoredCall& stored) {
  const std::string_view key = view(stored.key);
  for (const std::uint32_t version : stored.older) {
    batch_.remove(Column::kCalls, version_key(stored.key, version));
  }
  for_each_term(stored.call, key, [this](Column column, const std::string& entry) {
    batch_.remove(column, entry);
  });
  batch_.remove(Column::kCalls, key);
  if (stored.call.state == CallState::kInProgress) {
    batch_.remove(Column::kMeta, open_key(stored.key));
  }
  return remove_due(stored.call, kPartsAll);
}

Result<void> Remover::remove_record(StoredCall& stored,
                                    const RecordingPartsOf& what,
                                    RecordingLifecycle lifecycle) {
  if ((what.parts & kPartCdr) != 0) {
    if (is_displaced(stored)) {
      batch_.remove(Column::kMeta, displaced_key(what.uid));
      // Where its bytes were, for purge().
      batch_.put(Column::kMeta, gone_key(what.uid), view(stored.key).substr(0, 8));
    }
    return remove_all(stored);
  }
  TD_TRY(remove_due(stored.call, what.parts));
  if ((what.parts & kPartMedia) == 0) return {};
  stored.call.recording.lifecycle = lifecycle;
  forget_addresses_of_erased(stored.call);
  batch_.put(Column::kCalls, view(stored.key), encode_call(stored.call));
  return {};
}

Result<void> Remover::retire(const RecordingPartsOf& what, Retirement& retirement) {
  const bool whole = (what.parts & kPartCdr) != 0;
  const bool written_again = !whole && (what.parts & kPartMedia) != 0;
  auto found = whole           ? finder_.calls().find_with_older(what.uid)
               : written_again ? finder_.calls().find_call(what.uid)
                               : finder_.calls().find_terms(what.uid);
  if (!found) return Error(std::move(found.error()));
  std::optional<StoredCall>& stored = *found;
  if (retirement.look) {
    TD_TRY(finder_.find_rows(what.uid, found_));
    found_.final = stored && stored->call.final;
    retirement.look(what, found_, retirement.discard);
  }
  return stored ? remove_record(*stored, what, retirement.lifecycle) : Result<void>();
}

Result<void> Remover::replace(const CallRecord& call) {
  auto found = finder_.calls().find_with_older(call.uid);
  if (!found) return Error(std::move(found.error()));
  if (!*found) return {};
  const StoredCall& stored = **found;
  TD_TRY(remove_all(stored));
  const std::string_view key = view(stored.key);
  batch_.put(Column::kCalls, key, encode_call(call));
  for_each_term(call, key, [this](Column column, const std::string& entry) {
    batch_.put(column, entry, {});
  });
  if (call.state == CallState::kInProgress) batch_.put(Column::kMeta, open_key(stored.key), {});
  const auto destroyed = destroyed_parts(finder_.calls().reader(), call.uid);
  if (!destroyed) return Error(destroyed.error());
  for (const auto& [expires_us, parts] : expiry_rows(call)) {
    const auto left = static_cast<RecordingParts>(parts & ~*destroyed);
    if (left == 0) continue;
    const ExpiryKey due = expiry_key(expires_us, call.uid, left);
    batch_.put(Column::kExpiry, {due.data(), due.size()}, {});
  }
  std::int64_t total_us = 0;
  if (call.state == CallState::kInProgress ||
      __builtin_sub_overflow(call_end_us(call), call_key_time_us(key), &total_us) ||
      total_us <= max_total_us_) {
    return {};
  }
  max_total_us_ = total_us;
  batch_.put(Column::kMeta, kMaxTotalKey, big_endian(static_cast<std::uint64_t>(total_us)));
  return {};
}

}  // namespace

Result<void> CallStore::retire(Retirement retirement) {
  const std::lock_guard lock(impl_->put_mutex);
  const auto& parts = retirement.parts;
  const bool side_by_side =
      parts.size() >= kSideBySideMin && std::ranges::is_sorted(parts, {}, &RecordingPartsOf::uid);
  Remover remover = side_by_side ? Remover(*impl_, parts.back().uid) : Remover(*impl_);
  for (const RecordingPartsOf& what : parts) {
    TD_TRY(remover.retire(what, retirement));
  }
  add_discard(retirement.discard, remover.batch());
  if (retirement.before) TD_TRY(retirement.before());
  rocksdb::WriteBatch batch = remover.batch().finish();
  if (batch.Count() == 0) return {};
  TD_TRY(write_synced_locked(*impl_, batch));
  for (const RecordingPartsOf& what : retirement.parts) impl_->recent.forget(what.uid);
  return {};
}

Result<void> CallStore::replace(std::span<const CallRecord> calls) {
  const std::lock_guard lock(impl_->put_mutex);
  Remover remover(*impl_);
  for (const CallRecord& call : calls) TD_TRY(remover.replace(call));
  rocksdb::WriteBatch batch = remover.batch().finish();
  if (batch.Count() == 0) return {};
  TD_TRY(write_synced_locked(*impl_, batch));
  impl_->max_total_us = remover.max_total_us();
  for (const CallRecord& call : calls) impl_->recent.forget(call.uid);
  return {};
}

}  // namespace tapdeck::storage
