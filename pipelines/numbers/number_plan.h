// What a number as dialled is in the numbering plans of the world: the rules of the trunk it was
// seen on, then libphonenumber.  The only file that knows that library.
//
// Threads: any (the library locks its caches).  Memory: allocates; about 10 us a number, so ask
// through number_cache.h.  Bad numbers: a kind.  ITU-T E.164, RFC 3966.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace tapdeck::numbers {

constexpr std::size_t kE164Max = 16;     // '+' and 15 digits
constexpr std::size_t kWrittenMax = 36;  // a longer text is no number

enum class NumberKind : std::uint8_t {
  kNotANumber,     // letters, nothing, or far too long
  kE164,           // written as a number of the public plan; valid() says whether it is one
  kNationalShort,  // 112, 116117: an emergency or service code of the region; stays as it is
  kExtension,      // digits of local meaning: 101, *21#; stay as they are
};

class Number {
 public:
  Number() = default;

  explicit Number(NumberKind kind) : kind_(kind) {}

  // `e164`: valid, '+' and at most 15 digits.
  explicit Number(std::string_view e164)
      : kind_(NumberKind::kE164), length_(static_cast<std::uint8_t>(e164.size())) {
    std::copy(e164.begin(), e164.end(), text_.begin());
  }

  [[nodiscard]] NumberKind kind() const { return kind_; }

  // "+4930123456"; empty when it has no such form or the plan has no such number.
  [[nodiscard]] std::string_view e164() const { return {text_.data(), length_}; }

  // The plan of its region has this number or short code.
  [[nodiscard]] bool valid() const { return length_ > 0 || kind_ == NumberKind::kNationalShort; }

  bool operator==(const Number&) const = default;

 private:
  NumberKind kind_ = NumberKind::kNotANumber;
  std::uint8_t length_ = 0;
  std::array<char, kE164Max> text_{};
};

struct DialPlan {
  std::string region;  // empty: only '+' says what a number is
  std::vector<config::DialRule> rules;
};

// Digits, *, # and a leading '+', at least one digit, at most kWrittenMax: the only texts that can
// be numbers.  Visual separators are gone by then.
bool is_dialled(std::string_view text);

// National numbers begin with the region's national prefix where there is one other than 1: without
// it, a number is a subscriber's of the same area or an extension, and no digits are made up.
Number classify(const DialPlan& plan, std::string_view written);

// There are numbers in `region`.
bool has_plan(std::string_view region);

// The same as classify() for the beginning of numbers: "030" -> "+4930" in DE; empty when it cannot
// be told.
std::string beginning_as_e164(std::string_view region, std::string_view beginning);

}  // namespace tapdeck::numbers
