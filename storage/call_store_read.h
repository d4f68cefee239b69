// How the call store's own sources read it: a snapshot, its walks, and calls by uid.
// Threads: one at a time per object.  Memory: RocksDB's; values are copied out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/call_codec.h"
#include "storage/call_store_internal.h"

namespace tapdeck::storage {

// A call as stored: under which key, and its bytes.
struct StoredBytes {
  CallKey key{};
  std::string bytes;
};

struct StoredCall {
  CallKey key{};
  CallRecord call;
  std::vector<std::uint32_t> older{};  // versions, where they were asked for
};

// One consistent view of the store.  Threads: one.
class Reader {
 public:
  explicit Reader(const CallStore::Impl& store);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // nullopt: no such key.
  Result<std::optional<std::string>> get(Column column, std::string_view key) const;
  Result<std::optional<StoredCall>> load(const CallKey& key) const;

  [[nodiscard]] const rocksdb::ReadOptions& options() const { return options_; }

  [[nodiscard]] const CallStore::Impl& store() const { return store_; }

 private:
  const CallStore::Impl& store_;
  rocksdb::ReadOptions options_;
};

// Of media and messages: those of which a mark says that they were destroyed.
Result<RecordingParts> destroyed_parts(const Reader& reader, const Uid& uid);

// Walks the keys of one column family from `lower` up to, not including, `upper` (empty: the end).
class Walk {
 public:
  // kPrefix: all keys wanted, and the seek, share what their column family filters by: a term and
  // its zero, or kExtentPrefixBytes.  Much less is read then.
  enum class Reach : std::uint8_t { kAnywhere, kPrefix };

  Walk(const Reader& reader,
       Column column,
       std::string_view lower,
       std::string upper,
       Reach reach = Reach::kAnywhere);
  // Nowhere yet: restart() comes first.  One for many walks costs a seek for each, where a new one
  // looks at every file's head first.
  Walk(const Reader& reader, Column column, Reach reach);
  // For many walks in order of their keys, all of them before `end` (empty: the end): a neighbour
  // is stepped to, which costs a fraction of a seek.
  Walk(const Reader& reader, Column column, std::string end);
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void restart(std::string_view lower, std::string upper);  // `upper` is not empty

  [[nodiscard]] bool valid() const {
    return iterator_->Valid() && (!steps_ || slice(upper_).compare(iterator_->key()) > 0);
  }

  [[nodiscard]] std::string_view key() const { return iterator_->key().ToStringView(); }

  [[nodiscard]] std::string_view value() const { return iterator_->value().ToStringView(); }

  void next() { iterator_->Next(); }

  void seek(std::string_view key) { iterator_->Seek(slice(key)); }

  [[nodiscard]] Result<void> status() const;  // after valid() is false

 private:
  [[nodiscard]] bool step_to(std::string_view lower);

  std::string upper_;
  std::string end_;
  rocksdb::Slice bound_;  // RocksDB looks at it with each seek
  bool steps_ = false;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Entries of an index by term, from `lower` on, up to, not including, `upper`.
struct TermSpan {
  std::string lower;
  std::string upper;
};

// Finds newest versions by uid, many at little more than the cost of one.  Threads: one.
class UidFinder {
 public:
  explicit UidFinder(const CallStore::Impl& store)
      : reader_(store), walk_(reader_, Column::kCalls, Walk::Reach::kAnywhere) {}

  // For many in ascending order, none of them behind `last`.
  UidFinder(const CallStore::Impl& store, const Uid& last)
      : reader_(store), walk_(reader_, Column::kCalls, end_of(last)) {}

  Result<std::optional<StoredBytes>> find(const Uid& uid);
  Result<std::optional<StoredCall>> find_call(const Uid& uid);
  Result<std::optional<StoredCall>> find_with_older(const Uid& uid);  // decode_call_terms()

  Result<std::optional<StoredCall>> find_terms(const Uid& uid) {  // likewise
    return find_decoded(uid, decode_call_terms);
  }

  [[nodiscard]] const Reader& reader() const { return reader_; }

 private:
  using Decode = std::optional<CallRecord> (*)(std::string_view bytes);

  static std::string end_of(const Uid& last);

  Result<std::optional<StoredCall>> find_decoded(const Uid& uid, Decode decode);

  const Reader reader_;
  Walk walk_;
};

// Likewise, all that there is of recordings.  Threads: one.
class RecordingFinder {
 public:
  explicit RecordingFinder(const CallStore::Impl& store)
      : calls_(store),
        rows_(calls_.reader(), Column::kExtents, Walk::Reach::kPrefix),
        claims_(calls_.reader(), Column::kExtents, Walk::Reach::kPrefix),
        marks_(calls_.reader(), Column::kExtents, Walk::Reach::kPrefix) {}

  RecordingFinder(const CallStore::Impl& store, const Uid& last)
      : calls_(store, last),
        rows_(calls_.reader(), Column::kExtents, successor(row_prefix(last))),
        claims_(calls_.reader(), Column::kExtents, successor(claim_prefix(last))),
        marks_(calls_.reader(), Column::kExtents, successor(destroyed_prefix(last))) {}

  [[nodiscard]] UidFinder& calls() { return calls_; }

  // Rows, claims and marks, in place of those in `found`.
  Result<void> find_rows(const Uid& uid, StoredRecording& found);

 private:
  UidFinder calls_;
  Walk rows_;
  Walk claims_;
  Walk marks_;
};

}  // namespace tapdeck::storage
