// Where something stands, by its hash: open addressing in one array, so that a lookup touches one
// place in memory, which can be asked for beforehand.  Hashes must be of a secret seed, or
// somebody may aim them at one place.  Several entries may have the same hash: whoever looks one up
// says which of them it is.
//
// Threads: one owner.  Memory: 16 bytes an entry at a load of at most three quarters; doubles when
// full, never shrinks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapdeck::calls {

class HashIndex {
 public:
  HashIndex() : rows_(kRowsMin) {}

  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The value of the first entry with this hash for which `is_it(value)` holds, kNone if there is
  // none.
  template <typename IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const {
    for (std::size_t at = home(hash); rows_[at].used; at = next(at)) {
      if (rows_[at].hash == hash && is_it(rows_[at].value)) return rows_[at].value;
    }
    return kNone;
  }

  void add(std::uint64_t hash, std::uint32_t value);

  // Removes the entry of this hash and value, which must be there.
  void remove(std::uint64_t hash, std::uint32_t value);

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&rows_[home(hash)]); }

 private:
  static constexpr std::size_t kRowsMin = 16;  // a power of two, as all sizes are

  struct Row {
    std::uint64_t hash = 0;
    std::uint32_t value = 0;
    bool used = false;
  };

  [[nodiscard]] std::size_t home(std::uint64_t hash) const {
    return static_cast<std::size_t>(hash) & (rows_.size() - 1);
  }

  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (rows_.size() - 1); }

  void grow();

  std::vector<Row> rows_;
  std::size_t count_ = 0;
};

}  // namespace tapdeck::calls
