#include "config/retention_classes.h"

#include <algorithm>

namespace tapdeck::config {
namespace {

constexpr std::uint32_t kDefaultDays = 90;

RetentionClass built_in(std::string_view name, std::uint32_t days) {
  RetentionClass made;
  made.name = name;
  made.days = days;
  return made;
}

}  // namespace

std::vector<RetentionClass> retention_classes(const Config& config) {
  std::vector<RetentionClass> classes = {built_in("default", kDefaultDays),
                                         built_in("imported", 0)};
  for (const RetentionClass& configured : config.retention_classes) {
    const auto known = std::ranges::find(classes, configured.name, &RetentionClass::name);
    if (known != classes.end()) {
      *known = configured;
    } else {
      classes.push_back(configured);
    }
  }
  for (RetentionClass& each : classes) {
    if (each.sip_days == 0) each.sip_days = each.days;
    if (each.cdr_days == 0) each.cdr_days = each.days;
  }
  return classes;
}

std::vector<std::string> retention_class_names(const Config& config) {
  std::vector<std::string> names;
  for (const RetentionClass& each : retention_classes(config)) names.push_back(each.name);
  return names;
}

std::optional<std::uint16_t> find_retention_class(const Config& config, std::string_view name) {
  const std::vector<std::string> names = retention_class_names(config);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::uint16_t>(found - names.begin());
}

bool is_retention_class_name(std::string_view name) {
  return std::ranges::all_of(name, [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-' ||
           each == '_';
  });
}

}  // namespace tapdeck::config
