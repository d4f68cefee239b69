// Changes to the call store that are to go in as one batch, by order of their keys within each
// column family: each insertion into a memtable then begins where the one before it ended, with a
// fraction of the comparisons.
// Threads: one.  Memory: what was collected, twice while finish() copies it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/call_store_internal.h"

namespace tapdeck::storage {

class SortedBatch {
 public:
  explicit SortedBatch(const CallStore::Impl& store) : store_(store) {}

  void reserve(std::size_t more_bytes) { bytes_.reserve(bytes_.size() + more_bytes); }

  // The key is `head`, then `tail`.  A key that changes twice keeps the order of its changes.
  void put(Column column, std::string_view head, std::string_view tail, std::string_view value) {
    begin(column, head, tail);
    bytes_.append(value);
    end(column);
  }

  void put(Column column, std::string_view key, std::string_view value) {
    put(column, key, {}, value);
  }

  void remove(Column column, std::string_view head, std::string_view tail = {}) {
    begin(column, head, tail);
    changes_[static_cast<std::size_t>(column)].back().remove = true;
  }

  // What is appended to bytes() between the two is the value; borrowed until the next change.
  void begin(Column column, std::string_view head, std::string_view tail);
  std::string_view end(Column column);

  [[nodiscard]] std::string& bytes() { return bytes_; }

  [[nodiscard]] rocksdb::WriteBatch finish();

 private:
  // Key and value lie in bytes_, one behind the other.
  struct Change {
    std::uint64_t key_start = 0;  // the key's first bytes as a number that sorts as they do
    std::uint64_t key_next = 0;   // those behind
    std::size_t at = 0;
    std::uint32_t key_bytes = 0;
    std::uint32_t value_bytes = 0;
    bool remove = false;
  };

  [[nodiscard]] std::string_view key_of(const Change& change) const {
    return std::string_view(bytes_).substr(change.at, change.key_bytes);
  }

  [[nodiscard]] std::string_view value_of(const Change& change) const {
    return std::string_view(bytes_).substr(change.at + change.key_bytes, change.value_bytes);
  }

  [[nodiscard]] bool is_before(const Change& a, const Change& b) const;

  const CallStore::Impl& store_;
  std::array<std::vector<Change>, kColumnNames.size()> changes_;
  std::string bytes_;
};

// What CallStore::discard() changes.
void add_discard(const Discard& discard, SortedBatch& batch);

}  // namespace tapdeck::storage
