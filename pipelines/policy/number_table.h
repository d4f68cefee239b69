// Which sets of numbers have a number: exact ones, prefixes and ranges of all rules and lists in
// one table.  A range is kept as the prefixes that it is made of, each for numbers of its length.
// Threads: one while it is filled, then any.  Memory: 16 to 64 bytes a number and 4 for each set
// that has it; for_each_set() allocates nothing.  Cost: a look-up for each length of prefix that
// there is, one cache line each (keys of up to 16 characters stand in the slot, 4 bits a
// character).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/characters.h"
#include "base/hash.h"
#include "config/policies.h"
#include "pipelines/policy/text_index.h"

namespace tapdeck::policy {

class NumberTable {
 public:
  static constexpr std::size_t kLengthMax = 63;  // what is behind counts for prefixes only

  explicit NumberTable(std::uint64_t seed) : seed_(seed), long_keys_(seed) {}

  // pattern: exact, prefix or range.
  void add(const config::NumberPattern& pattern, std::uint32_t set);

  // After the last add().
  void finish();

  [[nodiscard]] bool empty() const { return key_count_ == 0; }

  // take(set) for each set that has the number, in no order and perhaps more than once.
  template <typename Take>
  void for_each_set(std::string_view number, Take&& take) const {
    const std::size_t length = number.size() < kLengthMax ? number.size() : kLengthMax;
    const std::uint64_t reachable = ~std::uint64_t{0} >> (kLengthMax - length);  // bits 0 to length
    const Packed packed = pack(number);
    for_each_key(number, packed, {any_length_ & reachable, 0}, take);
    if (number.size() <= kLengthMax) {
      // Behind the beginning of a range only digits follow.
      const std::size_t digits = number.size() - digits_behind(number);
      const auto kind = static_cast<std::uint8_t>(length);
      for_each_key(number, packed, {of_length_[length] & ~std::uint64_t{0} << digits, kind}, take);
    }
  }

 private:
  static constexpr std::size_t kPackedMax = 16;
  static constexpr std::uint32_t kNone = TextIndex::kNone;

  // As many of the first characters as can be packed, the first in the highest bits.
  struct Packed {
    std::uint64_t text = 0;
    std::size_t length = 0;
  };

  struct Slot {
    std::uint64_t text = 0;
    std::uint32_t key = kNone;
    std::uint32_t kind = 0;
  };

  struct Lengths {
    std::uint64_t bits;  // of prefixes to look for
    std::uint8_t kind;   // length of the number; 0: any
  };

  // How many digits the number ends in.
  static std::size_t digits_behind(std::string_view number) {
    std::size_t count = 0;
    while (count < number.size() && is_digit(number[number.size() - 1 - count])) ++count;
    return count;
  }

  static Packed pack(std::string_view text);

  // The first `length` characters.
  static std::uint64_t cut(std::uint64_t text, std::size_t length) {
    return length == 0 ? 0 : text & ~std::uint64_t{0} << (64 - 4 * length);
  }

  [[nodiscard]] std::size_t slot_of(std::uint64_t text, std::uint8_t kind) const {
    return mix64(text ^ seed_, 0x9e3779b97f4a7c15ULL + 2U * kind) & (slots_.size() - 1);
  }

  [[nodiscard]] std::uint32_t find(std::uint64_t text, std::uint8_t kind) const {
    for (std::size_t at = slot_of(text, kind);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.key == kNone || (slot.text == text && slot.kind == kind)) return slot.key;
    }
  }

  template <typename Take>
  void for_each_key(std::string_view number,
                    const Packed& packed,
                    Lengths lengths,
                    Take&& take) const {
    for (; lengths.bits != 0; lengths.bits &= lengths.bits - 1) {
      const auto length = static_cast<std::size_t>(std::countr_zero(lengths.bits));
      std::uint32_t key = kNone;
      if (length <= packed.length) {
        key = find(cut(packed.text, length), lengths.kind);
      } else if (length > kPackedMax) {
        const std::uint32_t found = long_keys_.find(number.substr(0, length), lengths.kind);
        if (found != kNone) key = key_of_long_[found];
      }
      if (key == kNone) continue;
      for (std::uint32_t i = begins_[key]; i < begins_[key + 1]; ++i) take(sets_[i]);
    }
  }

  std::uint32_t key_of(std::string_view prefix, std::uint8_t kind);
  void add_key(std::string_view prefix, std::size_t number_length, std::uint32_t set);
  void add_range(std::string_view first, std::string_view last, std::uint32_t set);
  void grow();

  std::uint64_t seed_;
  std::vector<Slot> slots_ = std::vector<Slot>(16);  // a power of two, at most half of them taken
  std::uint32_t slots_taken_ = 0;
  TextIndex long_keys_;                     // longer than kPackedMax
  std::vector<std::uint32_t> key_of_long_;  // by number in long_keys_
  std::uint32_t key_count_ = 0;
  std::uint64_t any_length_ = 0;                           // bit: there are prefixes of this length
  std::array<std::uint64_t, kLengthMax + 1> of_length_{};  // by length of the number
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;  // key, set; until finish()
  std::vector<std::uint32_t> begins_;                           // in sets_, by key; one more behind
  std::vector<std::uint32_t> sets_;
};

}  // namespace tapdeck::policy
