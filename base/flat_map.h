// A map for a few entries: a vector of pairs, sorted by key.  Cheap to copy and to walk; inserting
// moves what stands behind.
// Threads: plain value.  Memory: one allocation, none while empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace tapdeck {

template <typename Key, typename Value>
class FlatMap {
 public:
  using value_type = std::pair<Key, Value>;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  FlatMap() = default;

  FlatMap(std::initializer_list<value_type> rows) {
    for (const auto& [key, value] : rows) (*this)[key] = value;
  }

  bool operator==(const FlatMap&) const = default;

  // The value under `key`, which is made when there is none.  Lookups take whatever compares with
  // Key, so that a view finds a string.
  template <typename Like>
  Value& operator[](const Like& key) {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), key, Before{});
    if (at != rows_.end() && at->first == key) return at->second;
    if (rows_.empty()) {
      rows_.reserve(kFirstRows);
      return rows_.emplace_back(Key(key), Value()).second;
    }
    return rows_.emplace(at, Key(key), Value())->second;
  }

  template <typename Like>
  [[nodiscard]] const_iterator find(const Like& key) const {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), key, Before{});
    return at != rows_.end() && at->first == key ? at : rows_.end();
  }

  template <typename Like>
  [[nodiscard]] bool contains(const Like& key) const {
    return find(key) != rows_.end();
  }

  // `key` must be there.
  template <typename Like>
  [[nodiscard]] const Value& at(const Like& key) const {
    const auto found = find(key);
    TD_ASSERT(found != rows_.end());
    return found->second;
  }

  [[nodiscard]] const_iterator begin() const { return rows_.begin(); }

  [[nodiscard]] const_iterator end() const { return rows_.end(); }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }

  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  static constexpr std::size_t kFirstRows = 4;

  struct Before {
    template <typename Like>
    bool operator()(const value_type& row, const Like& key) const {
      return row.first < key;
    }
  };

  std::vector<value_type> rows_;
};

}  // namespace tapdeck
