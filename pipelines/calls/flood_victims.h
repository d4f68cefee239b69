// Whom a full table gives up first: of entries that are worth equally little, the oldest of the
// source that has most of them.  A source that floods thus pays itself, and whoever has a few
// entries keeps them.
//
// It costs nothing until a table is full; then a look at its oldest entries now and then.
// Threads: one owner.  Memory: at most kPlannedMax entries, and those that are looked at during
// plan().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/ids.h"

namespace tapdeck::calls {

class FloodVictims {
 public:
  static constexpr std::size_t kLookedAtMax = 16'384;
  static constexpr std::size_t kPlannedMax = kLookedAtMax / 16;

  struct Entry {
    IpAddress source{};
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
  };

  // `oldest` first, at most kLookedAtMax.  None of another plan is given out afterwards.
  void plan(const std::vector<Entry>& oldest);

  // The next one; it may be gone or worth more by now.  Nothing: plan() again.
  [[nodiscard]] std::optional<Entry> next();

  // Who had most of them when it was looked at last.
  [[nodiscard]] const std::optional<IpAddress>& source() const { return source_; }

 private:
  std::vector<Entry> planned_;  // the oldest at the end
  std::optional<IpAddress> source_;
};

}  // namespace tapdeck::calls
