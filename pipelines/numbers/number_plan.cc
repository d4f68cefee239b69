#include "pipelines/numbers/number_plan.h"

#include <optional>
#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>

#include "base/characters.h"

namespace tapdeck::numbers {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;

constexpr std::size_t kShortMax = 6;  // digits of the longest short codes, 116xxx
constexpr const char* kNoRegion = "ZZ";

const PhoneNumberUtil& library() { return *PhoneNumberUtil::GetInstance(); }

const ShortNumberInfo& short_codes() {
  static const ShortNumberInfo info;
  return info;
}

std::size_t digit_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_digit));
}

bool applies(const config::DialRule& rule, std::string_view written, std::size_t digits) {
  if (digits < rule.digits_min || digits > rule.digits_max) return false;
  if (rule.match.empty()) return !written.starts_with('+');
  return written.starts_with(rule.match);
}

// What the first rule that fits makes of it.
std::string as_ruled(const DialPlan& plan, std::string_view written) {
  const std::size_t digits = digit_count(written);
  const auto rule = std::find_if(plan.rules.begin(), plan.rules.end(), [&](const auto& row) {
    return applies(row, written, digits);
  });
  if (rule == plan.rules.end()) return std::string(written);
  return rule->prefix +
         std::string(written.substr(std::min<std::size_t>(rule->strip, written.size())));
}

// "0" in DE, "1" in US, "" in IT.
std::string national_prefix(const std::string& region) {
  std::string prefix;
  library().GetNddPrefixForRegion(region, true, &prefix);
  return prefix;
}

// What a region's national prefix says of numbers.
struct NationalForm {
  explicit NationalForm(const std::string& region)
      : prefix(national_prefix(region)),
        country(std::to_string(library().GetCountryCodeForRegion(region))),
        required(!prefix.empty() && prefix != country) {}

  std::string prefix;
  std::string country;
  bool required;  // numbers without it are local ones.  Where it is the country code it may be left
                  // out
};

// How the number says that it is one of the public plan.
enum class Form : std::uint8_t { kInternational, kNational, kLocal };

Form form_of(const PhoneNumber& number, std::string_view text, const NationalForm& national) {
  switch (number.country_code_source()) {
    case PhoneNumber::FROM_NUMBER_WITH_PLUS_SIGN:
    case PhoneNumber::FROM_NUMBER_WITH_IDD: return Form::kInternational;
    case PhoneNumber::FROM_NUMBER_WITHOUT_PLUS_SIGN:
      // The country's code alone proves nothing, unless it is the national prefix.
      return national.prefix == national.country ? Form::kNational : Form::kLocal;
    default: break;
  }
  if (national.required) {
    return text.starts_with(national.prefix) ? Form::kNational : Form::kLocal;
  }
  return Form::kNational;
}

bool is_short_code(const std::string& text, const std::string& region) {
  if (text.size() > kShortMax || text.starts_with('+')) return false;
  PhoneNumber number;
  if (library().Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR) return false;
  return short_codes().IsValidShortNumberForRegion(number, region);
}

}  // namespace

bool is_dialled(std::string_view text) {
  if (text.size() > kWrittenMax) return false;
  const std::string_view rest = text.substr(text.starts_with('+') ? 1 : 0);
  return std::all_of(rest.begin(),
                     rest.end(),
                     [](char c) { return is_digit(c) || c == '*' || c == '#'; }) &&
         digit_count(rest) > 0;
}

Number classify(const DialPlan& plan, std::string_view written) {
  if (!is_dialled(written)) return {};
  const std::string text = as_ruled(plan, written);
  if (!is_dialled(text)) return {};
  const bool has_plus = text.front() == '+';
  if (text.find_first_of("*#") != std::string::npos || (plan.region.empty() && !has_plus)) {
    return Number(NumberKind::kExtension);
  }
  const std::string region = plan.region.empty() ? kNoRegion : plan.region;
  const NationalForm national(region);
  const bool in_public_form = has_plus || (national.required && text.starts_with(national.prefix));
  PhoneNumber number;
  const bool readable =
      library().ParseAndKeepRawInput(text, region, &number) == PhoneNumberUtil::NO_PARSING_ERROR;
  const Form form = readable ? form_of(number, text, national) : Form::kLocal;
  if (form != Form::kLocal && library().IsValidNumber(number)) {
    std::string e164;
    library().Format(number, PhoneNumberUtil::E164, &e164);
    // Some plans are written down without an upper bound.
    if (e164.size() <= kE164Max) return Number(e164);
  }
  if (is_short_code(text, region)) return Number(NumberKind::kNationalShort);
  const bool is_public = in_public_form || form == Form::kInternational;
  return Number(is_public ? NumberKind::kE164 : NumberKind::kExtension);
}

bool has_plan(std::string_view region) {
  return library().GetCountryCodeForRegion(std::string(region)) != 0;
}

std::string beginning_as_e164(std::string_view region, std::string_view beginning) {
  if (beginning.starts_with('+')) return std::string(beginning);
  if (region.empty() || !is_dialled(beginning) ||
      beginning.find_first_of("*#") != std::string_view::npos) {
    return {};
  }
  const NationalForm national{std::string(region)};
  if (national.prefix.empty() || !beginning.starts_with(national.prefix)) {
    return national.required ? std::string() : "+" + national.country + std::string(beginning);
  }
  const std::string_view rest = beginning.substr(national.prefix.size());
  if (rest.starts_with(national.prefix)) return {};  // 00 begins international numbers
  return "+" + national.country + std::string(rest);
}

}  // namespace tapdeck::numbers
