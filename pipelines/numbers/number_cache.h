// Numbers that were looked up lately: each has two sets of two; the one not used last makes room.
//
// Threads: one.  Memory: `entries` times 64 bytes, taken when the first number comes; no allocation
// afterwards.  Full: the older entry of one of them is forgotten.  Which numbers meet there depends
// on the seed, so that no sender can aim at one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pipelines/numbers/number_plan.h"

namespace tapdeck::numbers {

class NumberCache {
 public:
  // entries: rounded up to a power of two, at least 2.
  NumberCache(std::uint32_t entries, std::uint64_t seed);

  // What `plan_id` makes of `written`, from here or from `look_up()`.  written: not empty, at most
  // kWrittenMax bytes.  Borrowed until the next call.
  template <typename LookUp>
  const Number& get(std::uint16_t plan_id, std::string_view written, LookUp&& look_up) {
    Set& set = set_of(plan_id, written);
    for (std::uint8_t way = 0; way < kWays; ++way) {
      Entry& entry = set.entries[way];
      if (entry.is(plan_id, written)) {
        ++hits_;
        set.entries[0].recent = way;
        return entry.number;
      }
    }
    ++misses_;
    const auto way = static_cast<std::uint8_t>(1 - set.entries[0].recent);
    set.entries[way].fill(plan_id, written, look_up());
    set.entries[0].recent = way;
    return set.entries[way].number;
  }

  [[nodiscard]] std::uint64_t hits() const { return hits_; }

  [[nodiscard]] std::uint64_t misses() const { return misses_; }

 private:
  static constexpr std::uint8_t kWays = 2;

  struct Entry {
    std::array<char, kWrittenMax> written{};
    Number number;
    std::uint16_t plan_id = 0;
    std::uint8_t length = 0;  // 0: empty
    std::uint8_t recent = 1;  // of entry 0: the way used last

    [[nodiscard]] bool is(std::uint16_t id, std::string_view text) const {
      return length == text.size() && plan_id == id &&
             std::string_view(written.data(), length) == text;
    }

    void fill(std::uint16_t id, std::string_view text, const Number& found);
  };

  struct alignas(64) Set {
    std::array<Entry, kWays> entries;
  };

  static_assert(sizeof(Set) == 128, "two cache lines");

  Set& set_of(std::uint16_t plan_id, std::string_view written);

  std::size_t set_count_;  // a power of two
  std::uint64_t seed_;
  std::vector<Set> sets_;  // empty until the first number comes
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace tapdeck::numbers
