#include <algorithm>
#include <iterator>
#include <map>

#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "model/call_codec.h"
#include "storage/call_store_internal.h"

namespace tapdeck::storage {
namespace {

std::string big_endian(std::uint64_t value) {
  std::array<char, 8> bytes{};
  store_be(bytes.data(), value);
  return {bytes.data(), bytes.size()};
}

// Collects one put() into one batch.  Calls of this batch are seen by later ones of it.
class BatchBuilder {
 public:
  BatchBuilder(const CallStore::Impl& store, std::int64_t max_total_us)
      : reader_(store), max_total_us_(max_total_us) {}

  Result<void> add(const CallRecord& call);
  void add(const ExtentRow& row);

  [[nodiscard]] std::int64_t max_total_us() const { return max_total_us_; }

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  Result<std::optional<StoredCall>> prior(const Uid& uid) const;
  void replace(const StoredCall* old, const StoredCall& fresh);
  void replace_terms(Column column,
                     const std::vector<std::string>& old,
                     const std::vector<std::string>& fresh,
                     const CallKey& key);
  void note_duration(const StoredCall& ended);

  void put(Column column, std::string_view key, std::string_view value) {
    check(batch_.Put(reader_.store().column(column), slice(key), slice(value)));
  }

  void remove(Column column, std::string_view key) {
    check(batch_.Delete(reader_.store().column(column), slice(key)));
  }

  // A batch in memory refuses nothing but keys of 4 GiB.
  static void check(const rocksdb::Status& status) { TD_ASSERT(status.ok()); }

  Reader reader_;
  rocksdb::WriteBatch batch_;
  std::map<Uid, StoredCall> pending_;
  std::int64_t max_total_us_;
};

std::vector<std::string> number_terms(const CallRecord& call) {
  std::vector<std::string> terms;
  for (const std::string& number : searchable_numbers(call)) terms.push_back(index_term(number));
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

std::vector<std::string> call_id_terms(const CallRecord& call) {
  return {index_term(call.call_id)};
}

Result<std::optional<StoredCall>> BatchBuilder::prior(const Uid& uid) const {
  const auto found = pending_.find(uid);
  if (found != pending_.end()) return std::optional(found->second);
  return reader_.find_uid(uid);
}

void BatchBuilder::replace_terms(Column column,
                                 const std::vector<std::string>& old,
                                 const std::vector<std::string>& fresh,
                                 const CallKey& key) {
  std::vector<std::string> stale;
  std::set_difference(
      old.begin(), old.end(), fresh.begin(), fresh.end(), std::back_inserter(stale));
  for (const std::string& term : stale) remove(column, index_key(term, view(key)));
  for (const std::string& term : fresh) put(column, index_key(term, view(key)), {});
}

void BatchBuilder::note_duration(const StoredCall& ended) {
  std::int64_t total_us = 0;
  const std::int64_t begin_us = call_key_time_us(view(ended.key));
  if (__builtin_sub_overflow(call_end_us(ended.call), begin_us, &total_us)) return;
  if (total_us <= max_total_us_) return;
  max_total_us_ = total_us;
  put(Column::kMeta, kMaxTotalKey, big_endian(static_cast<std::uint64_t>(total_us)));
}

void BatchBuilder::replace(const StoredCall* old, const StoredCall& fresh) {
  put(Column::kCalls, view(fresh.key), fresh.bytes);
  const std::vector<std::string> none;
  replace_terms(Column::kByNumber,
                old == nullptr ? none : number_terms(old->call),
                number_terms(fresh.call),
                fresh.key);
  replace_terms(Column::kByCallId,
                old == nullptr ? none : call_id_terms(old->call),
                call_id_terms(fresh.call),
                fresh.key);
  const bool was_open = old != nullptr && old->call.state == CallState::kInProgress;
  if (fresh.call.state == CallState::kInProgress) {
    put(Column::kMeta, open_key(fresh.key), {});
  } else {
    if (was_open) remove(Column::kMeta, open_key(fresh.key));
    note_duration(fresh);
  }
}

Result<void> BatchBuilder::add(const CallRecord& call) {
  auto found = prior(call.uid);
  if (!found) return Error(std::move(found.error()));
  const StoredCall* old = *found ? &**found : nullptr;
  // A call stays where its first version was filed, even if an earlier message turns up later.
  StoredCall fresh{old == nullptr ? make_call_key(call.key_time_us(), call.uid) : old->key,
                   encode_call(call),
                   call};
  if (old != nullptr && call.version < old->call.version) {
    put(Column::kCalls, version_key(old->key, call.version), fresh.bytes);
    return {};
  }
  if (old != nullptr && call.version > old->call.version) {
    put(Column::kCalls, version_key(old->key, old->call.version), old->bytes);
  }
  const std::int64_t offset_us = call_key_time_us(view(fresh.key)) - call.uid.start_ms() * 1'000;
  if (old == nullptr && (offset_us < 0 || offset_us >= 1'000)) {
    put(Column::kMeta, displaced_key(call.uid), view(fresh.key).substr(0, 8));
  }
  replace(old, fresh);
  pending_.insert_or_assign(call.uid, std::move(fresh));
  return {};
}

void BatchBuilder::add(const ExtentRow& row) {
  put(Column::kExtents, row_key(row), row.packed);
  put(Column::kExtents, row_by_segment_key(row), {});
}

}  // namespace

Result<void> CallStore::put(std::span<const CallRecord> calls, std::span<const ExtentRow> rows) {
  if (calls.empty() && rows.empty()) return {};
  const std::lock_guard lock(impl_->put_mutex);
  BatchBuilder builder(*impl_, impl_->max_total_us);
  for (const CallRecord& call : calls) TD_TRY(builder.add(call));
  for (const ExtentRow& row : rows) builder.add(row);
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = impl_->db->Write(options, &builder.batch());
  if (!status.ok()) return translate(status, "Writing to the call store " + impl_->directory);
  impl_->max_total_us = builder.max_total_us();
  return {};
}

Result<void> CallStore::discard_rows(std::span<const DiscardedRow> rows) {
  if (rows.empty()) return {};
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* column = impl_->column(Column::kExtents);
  for (const auto& [row, until] : rows) {
    batch.Delete(column, slice(row_key(row)));
    batch.Delete(column, slice(row_by_segment_key(row)));
    batch.Put(column, slice(discard_key(row)), slice(big_endian(until)));
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const std::lock_guard lock(impl_->put_mutex);
  const rocksdb::Status status = impl_->db->Write(options, &batch);
  if (!status.ok()) return translate(status, "Writing to the call store " + impl_->directory);
  return {};
}

}  // namespace tapdeck::storage
