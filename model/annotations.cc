#include "model/annotations.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace tapdeck {
namespace {

constexpr double kCsatMax = 100;
constexpr double kRevenueMax = 1e15;

// The keys whose values are names, and where they are shown.
constexpr std::array<std::pair<std::string_view, std::string CallBusiness::*>, 4> kNames = {
    {{"agent", &CallBusiness::agent},
     {"client", &CallBusiness::client},
     {"campaign", &CallBusiness::campaign},
     {"disposition", &CallBusiness::disposition}}};

std::string CallBusiness::*name_of(std::string_view key) {
  for (const auto& [name, member] : kNames) {
    if (name == key) return member;
  }
  return nullptr;
}

Error wrong_value(std::string_view key, std::string_view value, std::string_view accepted) {
  return make_error(ErrorCode::kInvalidArgument,
                    std::string(key) + ": '" + std::string(value.substr(0, 80)) + "' is not " +
                        std::string(accepted) + ".");
}

bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

// Lines may break in a note alone.
bool is_clean(std::string_view value, bool is_note) {
  return std::none_of(value.begin(), value.end(), [is_note](char c) {
    return is_control(c) && !(is_note && (c == '\n' || c == '\t'));
  });
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Ascending, each once; nullopt: more or longer ones than there may be.
std::optional<std::vector<std::string>> tags_of(std::string_view value) {
  std::vector<std::string> tags;
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view tag = trimmed(value.substr(0, comma));
    if (tag.size() > kAnnotationTagBytesMax || tags.size() > kCallTagsMax) return std::nullopt;
    if (!tag.empty()) tags.emplace_back(tag);
    value = comma == std::string_view::npos ? "" : value.substr(comma + 1);
  }
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  if (tags.empty() || tags.size() > kCallTagsMax) return std::nullopt;
  return tags;
}

Result<void> check_number(std::string_view key, std::string_view value, double least, double most) {
  const auto number = number_of(value);
  if (number && *number >= least && *number <= most) return {};
  return wrong_value(
      key,
      value,
      key == "csat" ? "a number from 0 to 100" : "a number up to 10^15, such as 129.90");
}

void apply(std::string_view key, const std::string& value, CallBusiness& business) {
  if (std::string CallBusiness::*const name = name_of(key); name != nullptr) {
    business.*name = value;
  } else if (key == "resolved") {
    business.resolved = value == "true";
  } else if (key == "csat") {
    business.csat = number_of(value);
  } else if (key == "revenue") {
    business.revenue = number_of(value);
  } else if (key == "tag") {
    business.tags = tags_of(value).value_or(std::vector<std::string>());
  } else if (key == "note") {
    business.note = value;
  }
}

}  // namespace

std::string_view annotation_keys() {
  return "agent, client, campaign, disposition, resolved, csat, revenue, tag, note";
}

Result<void> check_annotation(std::string_view key, std::string_view value) {
  const bool is_note = key == "note";
  const bool is_name = name_of(key) != nullptr;
  const bool is_number = key == "csat" || key == "revenue";
  if (!is_note && !is_name && !is_number && key != "resolved" && key != "tag") {
    return make_error(ErrorCode::kInvalidArgument,
                      "'" + std::string(key.substr(0, 80)) +
                          "' is no key of an annotation; there are " +
                          std::string(annotation_keys()) + ".");
  }
  if (value.empty()) return {};
  if (!is_clean(value, is_note)) {
    return make_error(ErrorCode::kInvalidArgument,
                      std::string(key) + ": control characters cannot stand in it.");
  }
  if (is_name && value.size() > kAnnotationNameBytesMax) {
    return make_error(ErrorCode::kInvalidArgument, std::string(key) + ": more than 256 bytes.");
  }
  if (is_note && value.size() > kAnnotationNoteBytesMax) {
    return make_error(ErrorCode::kInvalidArgument, "note: more than 4000 bytes.");
  }
  if (key == "resolved" && value != "true" && value != "false") {
    return wrong_value(key, value, "true or false");
  }
  if (key == "csat") return check_number(key, value, 0, kCsatMax);
  if (key == "revenue") return check_number(key, value, -kRevenueMax, kRevenueMax);
  if (key == "tag" && !tags_of(value)) {
    return wrong_value(
        key, value, "a list of up to 32 tags of at most 64 bytes, commas between them");
  }
  return {};
}

void apply_annotations(const std::map<std::string, std::string>& annotations, CallRecord& call) {
  if (annotations.empty()) return;
  CallBusiness business = call.business ? *call.business : CallBusiness{};
  for (const auto& [key, value] : annotations) {
    if (!value.empty() && check_annotation(key, value)) apply(key, value, business);
  }
  if (call.business && *call.business == business) return;
  if (!call.business && business == CallBusiness{}) return;
  call.business = std::make_shared<const CallBusiness>(std::move(business));
}

}  // namespace tapdeck
