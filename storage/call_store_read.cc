#include "storage/call_store_read.h"

#include <rocksdb/perf_level.h>

#include "base/bytes.h"

namespace tapdeck::storage {
namespace {

// A call has some versions, and a seek costs as much as a dozen steps.
constexpr int kStepsMax = 8;

Result<void> add_versions(Walk& walk, std::string_view key, std::vector<std::uint32_t>& versions) {
  for (; walk.valid() && walk.key().starts_with(key); walk.next()) {
    if (walk.key().size() != kCallKeyBytes + 4) continue;
    versions.push_back(load_be<std::uint32_t>(walk.key().data() + kCallKeyBytes));
  }
  return walk.status();
}

}  // namespace

Reader::Reader(const CallStore::Impl& store) : store_(store) {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);  // counts every comparison otherwise
  options_.snapshot = store.db->GetSnapshot();
}

Reader::~Reader() { store_.db->ReleaseSnapshot(options_.snapshot); }

Result<std::optional<std::string>> Reader::get(Column column, std::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      store_.db->Get(options_, store_.column(column), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return translate(status, "Reading the call store " + store_.directory);
  return std::optional(std::move(value));
}

Result<std::optional<StoredCall>> Reader::load(const CallKey& key) const {
  auto bytes = get(Column::kCalls, view(key));
  if (!bytes) return Error(std::move(bytes.error()));
  if (!*bytes) return std::optional<StoredCall>{};
  std::optional<CallRecord> call = decode_call(**bytes);
  if (!call) return undecodable_call(view(key));
  return std::optional(StoredCall{key, std::move(*call)});
}

Result<std::optional<StoredCall>> UidFinder::find_decoded(const Uid& uid, Decode decode) {
  auto stored = find(uid);
  if (!stored) return Error(std::move(stored.error()));
  if (!*stored) return std::optional<StoredCall>{};
  std::optional<CallRecord> call = decode((*stored)->bytes);
  if (!call) return undecodable_call(view((*stored)->key));
  return std::optional(StoredCall{(*stored)->key, std::move(*call)});
}

Result<std::optional<StoredCall>> UidFinder::find_call(const Uid& uid) {
  return find_decoded(uid, decode_call);
}

// They stand right behind it, where find() has come to a stop.
Result<std::optional<StoredCall>> UidFinder::find_with_older(const Uid& uid) {
  auto stored = find_terms(uid);
  if (!stored || !*stored) return stored;
  const std::string_view key = view((*stored)->key);
  if (walk_.valid() && walk_.key() == key) {
    walk_.next();
    TD_TRY(add_versions(walk_, key, (*stored)->older));
  } else {  // a displaced one stands anywhere
    Walk elsewhere(reader_, Column::kCalls, version_key((*stored)->key, 0), successor(key));
    TD_TRY(add_versions(elsewhere, key, (*stored)->older));
  }
  return stored;
}

std::string UidFinder::end_of(const Uid& last) {
  return std::string(view(first_call_key((last.start_ms() + 1) * 1'000)));
}

// A uid begins with the milliseconds of the call's start: the key lies in that one millisecond,
// unless the call is listed as displaced.
Result<std::optional<StoredBytes>> UidFinder::find(const Uid& uid) {
  const std::int64_t from_us = uid.start_ms() * 1'000;
  // Bounded, so that nothing that was removed behind it is walked over.
  const CallKey first = first_call_key(from_us);
  walk_.restart(view(first), std::string(view(first_call_key(from_us + 1'000))));
  for (; walk_.valid(); walk_.next()) {
    const std::string_view key = walk_.key();
    if (key.size() != kCallKeyBytes || call_key_uid(key) != uid) continue;
    return std::optional(
        StoredBytes{make_call_key(call_key_time_us(key), uid), std::string(walk_.value())});
  }
  TD_TRY(walk_.status());
  auto displaced = reader_.get(Column::kMeta, displaced_key(uid));
  if (!displaced) return Error(std::move(displaced.error()));
  if (!*displaced || (*displaced)->size() != 8) return std::optional<StoredBytes>{};
  const CallKey key = make_call_key(call_key_time_us(**displaced), uid);
  auto bytes = reader_.get(Column::kCalls, view(key));
  if (!bytes) return Error(std::move(bytes.error()));
  if (!*bytes) return std::optional<StoredBytes>{};
  return std::optional(StoredBytes{key, std::move(**bytes)});
}

Walk::Walk(
    const Reader& reader, Column column, std::string_view lower, std::string upper, Reach reach)
    : upper_(std::move(upper)), bound_(slice(upper_)) {
  rocksdb::ReadOptions options = reader.options();
  options.total_order_seek = reach == Reach::kAnywhere;
  if (!upper_.empty()) options.iterate_upper_bound = &bound_;
  iterator_.reset(reader.store().db->NewIterator(options, reader.store().column(column)));
  iterator_->Seek(slice(lower));
}

Walk::Walk(const Reader& reader, Column column, Reach reach) {
  rocksdb::ReadOptions options = reader.options();
  options.total_order_seek = reach == Reach::kAnywhere;
  options.iterate_upper_bound = &bound_;
  iterator_.reset(reader.store().db->NewIterator(options, reader.store().column(column)));
}

Walk::Walk(const Reader& reader, Column column, std::string end)
    : end_(std::move(end)), bound_(slice(end_)), steps_(true) {
  rocksdb::ReadOptions options = reader.options();
  options.total_order_seek = true;
  if (!end_.empty()) options.iterate_upper_bound = &bound_;
  iterator_.reset(reader.store().db->NewIterator(options, reader.store().column(column)));
}

void Walk::restart(std::string_view lower, std::string upper) {
  // What was stepped over lies before the upper end of the walk before.
  const bool is_ahead = steps_ && !upper_.empty() && lower >= upper_;
  upper_ = std::move(upper);
  if (is_ahead && step_to(lower)) return;
  if (!steps_) bound_ = slice(upper_);
  iterator_->Seek(slice(lower));
}

// False: it is further than a few steps, or nothing is known of what lies between.
bool Walk::step_to(std::string_view lower) {
  for (int left = kStepsMax; iterator_->Valid(); iterator_->Next()) {
    if (iterator_->key().compare(slice(lower)) >= 0) return true;
    if (left-- == 0) return false;
  }
  return iterator_->status().ok();  // at the end of all
}

Result<void> Walk::status() const {
  const rocksdb::Status status = iterator_->status();
  if (status.ok()) return {};
  return translate(status, "Walking the call store");
}

}  // namespace tapdeck::storage
