// How often each of a few names came: methods, status codes.
// Threads: the call-plane thread.  Memory: a row for each name; whoever counts bounds them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/flat_map.h"
#include "base/pool_allocator.h"

namespace tapdeck::calls {

class NameCounts {
 public:
  using Map = FlatMap<std::string, std::uint32_t>;  // as records have it

  void set(const Map& counts) {
    rows_.clear();
    for (const auto& [name, count] : counts) rows_.push_back({PoolString(name), count});
  }

  void count(std::string_view name) {
    const auto row = find(name);
    if (row != rows_.end()) {
      ++row->count;
      return;
    }
    if (rows_.empty()) rows_.reserve(kUsual);
    rows_.push_back({PoolString(name), 1});
  }

  [[nodiscard]] Map map() const {
    Map map;
    for (const Row& row : rows_) map[std::string_view(row.name)] = row.count;
    return map;
  }

  [[nodiscard]] bool contains(std::string_view name) const {
    return std::any_of(
        rows_.begin(), rows_.end(), [name](const Row& row) { return row.name == name; });
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }

  [[nodiscard]] bool empty() const { return rows_.empty(); }

  void prefetch() const { __builtin_prefetch(rows_.data()); }

 private:
  static constexpr std::size_t kUsual = 4;

  struct Row {
    PoolString name;
    std::uint32_t count = 0;
  };

  PoolVector<Row>::iterator find(std::string_view name) {
    return std::find_if(
        rows_.begin(), rows_.end(), [name](const Row& row) { return row.name == name; });
  }

  PoolVector<Row> rows_;
};

}  // namespace tapdeck::calls
