#include "pipelines/numbers/number_cache.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"

namespace tapdeck::numbers {

NumberCache::NumberCache(std::uint32_t entries, std::uint64_t seed)
    : set_count_(std::bit_ceil(std::max<std::size_t>(entries, kWays)) / kWays), seed_(seed) {}

void NumberCache::Entry::fill(std::uint16_t id, std::string_view text, const Number& found) {
  std::copy(text.begin(), text.end(), written.begin());
  length = static_cast<std::uint8_t>(text.size());
  plan_id = id;
  number = found;
}

NumberCache::Set& NumberCache::set_of(std::uint16_t plan_id, std::string_view written) {
  if (sets_.empty()) sets_.resize(set_count_);
  const std::uint64_t hash = hash_text(written, seed_ ^ plan_id);
  Set& first = sets_[hash & (set_count_ - 1)];
  Set& second = sets_[(hash >> 32) & (set_count_ - 1)];
  const auto has = [&](const Set& set) {
    return std::any_of(set.entries.begin(), set.entries.end(), [&](const Entry& entry) {
      return entry.is(plan_id, written);
    });
  };
  if (has(first)) return first;
  if (has(second)) return second;
  // New: where there is room, else in turn.
  for (Set* set : {&first, &second}) {
    if (set->entries[1].length == 0) return *set;
  }
  return misses_ % 2 == 0 ? first : second;
}

}  // namespace tapdeck::numbers
