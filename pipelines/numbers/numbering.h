// The call plane's view of numbers and trunks: an answer to each question without a wait, where the
// cache has it.
//
// Threads: one at a time.  Memory: the trunk table and the cache (number_cache.h).  Bad numbers:
// have no E.164 form.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "pipelines/numbers/number_cache.h"
#include "pipelines/numbers/number_plan.h"
#include "pipelines/numbers/trunks.h"

namespace tapdeck::numbers {

struct NumberingOptions {
  config::Numbers numbers;
  std::vector<config::Trunk> trunks;
  std::vector<std::string> internal_networks;
};

struct NumberingFigures {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;       // each about 10 us of the call plane
  std::uint64_t not_numbers = 0;  // names and the like, which ask nothing
};

class Numbering {
 public:
  // The library's tables are read here where numbers can be expected, not at the first call.
  // realm_names: by number.
  Numbering(const NumberingOptions& options,
            std::span<const std::string> realm_names,
            std::uint64_t seed);

  // The route of a message from `from` to `to`.
  [[nodiscard]] CallRoute route(RealmId realm, const Endpoint& from, const Endpoint& to) const;

  // E.164 of `written` as seen on `trunk` (kNoTrunk: the default region, no rules); "" when there
  // is none.  `context`: phone-context of RFC 3966; one that begins with '+' goes before the number
  // unless that is global itself.  Borrowed until the next call.
  std::string_view e164(std::uint16_t trunk, std::string_view written, std::string_view context);

  [[nodiscard]] NumberingFigures figures() const;

 private:
  TrunkTable table_;
  DialPlan plan_;                // of numbers on no trunk
  std::vector<DialPlan> plans_;  // by trunk
  NumberCache cache_;
  std::uint64_t not_numbers_ = 0;
};

}  // namespace tapdeck::numbers
