#include "storage/call_store_batch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

namespace tapdeck::storage {
namespace {

// The first eight bytes as a number that sorts as they do; missing ones sort as zeros.
std::uint64_t sortable(std::string_view text) {
  std::array<char, 8> bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  return load_be<std::uint64_t>(bytes.data());
}

}  // namespace

void SortedBatch::begin(Column column, std::string_view head, std::string_view tail) {
  Change& change = changes_[static_cast<std::size_t>(column)].emplace_back();
  change.at = bytes_.size();
  change.key_bytes = static_cast<std::uint32_t>(head.size() + tail.size());
  bytes_.append(head).append(tail);
  const std::string_view key = key_of(change);
  change.key_start = sortable(key);
  if (key.size() > 8) change.key_next = sortable(key.substr(8));
}

std::string_view SortedBatch::end(Column column) {
  Change& change = changes_[static_cast<std::size_t>(column)].back();
  change.value_bytes = static_cast<std::uint32_t>(bytes_.size() - change.at - change.key_bytes);
  return value_of(change);
}

// Most keys differ early: their bytes, strewn over bytes_, need then not be looked at.
bool SortedBatch::is_before(const Change& a, const Change& b) const {
  if (a.key_start != b.key_start) return a.key_start < b.key_start;
  if (a.key_next != b.key_next) return a.key_next < b.key_next;
  return key_of(a) < key_of(b);
}

// The memtable of Call-IDs has no order.
rocksdb::WriteBatch SortedBatch::finish() {
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

void add_discard(const Discard& discard, SortedBatch& batch) {
  for (const auto& [row, until] : discard.rows) {
    batch.remove(Column::kExtents, row_key(row));
    batch.remove(Column::kExtents, row_by_segment_key(row));
    batch.put(Column::kExtents, discard_key(row), big_endian(until));
  }
  for (const KeyClaim& claim : discard.claims) batch.remove(Column::kExtents, claim_key(claim));
  for (const DestroyedPart& part : discard.destroyed) {
    batch.put(Column::kExtents,
              destroyed_key(part.recording, part.kind),
              big_endian(static_cast<std::uint64_t>(part.time_us)));
  }
  for (const auto& [recording, kind] : discard.forgotten) {
    batch.remove(Column::kExtents, destroyed_key(recording, kind));
  }
}

}  // namespace tapdeck::storage
