#include "pipelines/policy/number_table.h"

#include <algorithm>
#include <string>

#include "base/assert.h"

namespace tapdeck::policy {

NumberTable::Packed NumberTable::pack(std::string_view text) {
  Packed packed;
  for (const char c : text.substr(0, kPackedMax)) {
    std::uint64_t code = 0;
    if (c >= '0' && c <= '9') code = static_cast<std::uint64_t>(c - '0') + 1;
    if (c == '+') code = 11;
    if (c == '*') code = 12;
    if (c == '#') code = 13;
    if (code == 0) break;
    packed.text |= code << (60 - 4 * packed.length);
    ++packed.length;
  }
  return packed;
}

void NumberTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.key == kNone) continue;
    std::size_t at = slot_of(slot.text, static_cast<std::uint8_t>(slot.kind));
    while (slots_[at].key != kNone) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

std::uint32_t NumberTable::key_of(std::string_view prefix, std::uint8_t kind) {
  if (prefix.size() > kPackedMax) {
    const std::uint32_t index = long_keys_.add(prefix, kind);
    if (index == key_of_long_.size()) key_of_long_.push_back(key_count_++);
    return key_of_long_[index];
  }
  const Packed packed = pack(prefix);
  TD_ASSERT(packed.length == prefix.size());
  const std::uint32_t found = find(packed.text, kind);
  if (found != kNone) return found;
  if ((++slots_taken_) * 2 > slots_.size()) grow();
  std::size_t at = slot_of(packed.text, kind);
  while (slots_[at].key != kNone) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {packed.text, key_count_, kind};
  return key_count_++;
}

void NumberTable::add_key(std::string_view prefix, std::size_t number_length, std::uint32_t set) {
  std::uint64_t& lengths = number_length == 0 ? any_length_ : of_length_[number_length];
  lengths |= std::uint64_t{1} << prefix.size();
  pairs_.emplace_back(key_of(prefix, static_cast<std::uint8_t>(number_length)), set);
}

// The numbers from `first` to `last`, as long as each other, as blocks under a common beginning:
// one where all digits behind it may follow, else one for each next digit.
void NumberTable::add_range(std::string_view first, std::string_view last, std::uint32_t set) {
  const auto differing = std::ranges::mismatch(first, last).in1;
  const auto common = static_cast<std::size_t>(differing - first.begin());
  const bool is_whole = first.find_first_not_of('0', common) == std::string_view::npos &&
                        last.find_first_not_of('9', common) == std::string_view::npos;
  if (is_whole) return add_key(first.substr(0, common), first.size(), set);
  for (char digit = first[common]; digit <= last[common]; ++digit) {
    std::string low(first.substr(0, common));
    low += digit;
    std::string high = low;
    low.resize(first.size(), '0');
    high.resize(first.size(), '9');
    if (digit == first[common]) low = first;
    if (digit == last[common]) high = last;
    add_range(low, high, set);
  }
}

void NumberTable::add(const config::NumberPattern& pattern, std::uint32_t set) {
  TD_ASSERT(pattern.text.size() <= config::kPolicyNumberBytesMax);
  switch (pattern.form) {
    case config::NumberForm::kExact: return add_key(pattern.text, pattern.text.size(), set);
    case config::NumberForm::kPrefix: return add_key(pattern.text, 0, set);
    case config::NumberForm::kRange: return add_range(pattern.text, pattern.last, set);
    case config::NumberForm::kRegex:
    case config::NumberForm::kList: break;
  }
  TD_UNREACHABLE("neither number, prefix nor range");
}

void NumberTable::finish() {
  std::ranges::sort(pairs_);
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
  begins_.assign(key_count_ + 1, 0);
  sets_.reserve(pairs_.size());
  for (const auto& [key, set] : pairs_) {
    ++begins_[key + 1];
    sets_.push_back(set);
  }
  for (std::size_t key = 0; key < key_count_; ++key) begins_[key + 1] += begins_[key];
  pairs_ = {};
}

}  // namespace tapdeck::policy
