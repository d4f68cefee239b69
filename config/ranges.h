// Lists of numbers and ranges of numbers, as realms name their VLANs and VNIs: 7 or 100-199.
// Threads: any.  Memory: vectors and strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapdeck::config {

struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // included
  bool operator==(const NumberRange&) const = default;
};

template <std::uint32_t kLeast, std::uint32_t kMost>
struct RangeList {
  static constexpr std::uint32_t kMin = kLeast;
  static constexpr std::uint32_t kMax = kMost;

  std::vector<NumberRange> ranges;
  bool operator==(const RangeList&) const = default;
};

using VlanList = RangeList<1, 4'094>;
using VniList = RangeList<0, 16'777'215>;

template <typename T>
concept AnyRangeList = requires(T list) {
  T::kMin;
  list.ranges;
};

// "7" or "100-199", digits only; nothing when it is neither or ends before it begins.
std::optional<NumberRange> parse_range(std::string_view text);

// Adds the range that `text` is to `ranges`, or says what is wanted: a range within the bounds.
std::string add_range(std::string_view text,
                      std::uint32_t min,
                      std::uint32_t max,
                      std::vector<NumberRange>& ranges);

std::string to_string(const NumberRange& range);

bool overlap(const NumberRange& a, const NumberRange& b);

// Which realm has which ranges.
class RangeOwners {
 public:
  // Gives the range to the realm, or says whose it is, in part, already.
  std::string give(const NumberRange& range, const std::string& realm);

  // Ranges that were given.
  [[nodiscard]] std::size_t count() const { return given_.size(); }

 private:
  struct Given {
    NumberRange range;
    std::string realm;
  };

  std::vector<Given> given_;
};

}  // namespace tapdeck::config
