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
  return sets_[hash_text(written, seed_ ^ plan_id) & (set_count_ - 1)];
}

}  // namespace tapdeck::numbers
