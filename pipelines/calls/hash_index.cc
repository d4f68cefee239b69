#include "pipelines/calls/hash_index.h"

#include <utility>

#include "base/assert.h"

namespace tapdeck::calls {

void HashIndex::add(std::uint64_t hash, std::uint32_t value) {
  if (4 * (count_ + 1) > 3 * rows_.size()) grow();
  std::size_t at = home(hash);
  while (rows_[at].used) at = next(at);
  rows_[at] = {hash, value, true};
  ++count_;
}

void HashIndex::remove(std::uint64_t hash, std::uint32_t value) {
  std::size_t at = home(hash);
  while (rows_[at].hash != hash || rows_[at].value != value) {
    TD_ASSERT(rows_[at].used);
    at = next(at);
  }
  // What follows moves up, so that no search ends too early.
  for (std::size_t from = next(at); rows_[from].used; from = next(from)) {
    const std::size_t wanted = home(rows_[from].hash);
    const std::size_t mask = rows_.size() - 1;
    if (((from - wanted) & mask) < ((from - at) & mask)) continue;
    rows_[at] = rows_[from];
    at = from;
  }
  rows_[at] = Row{};
  --count_;
}

void HashIndex::grow() {
  const std::vector<Row> old = std::exchange(rows_, std::vector<Row>(2 * rows_.size()));
  count_ = 0;
  for (const Row& row : old) {
    if (row.used) add(row.hash, row.value);
  }
}

}  // namespace tapdeck::calls
