#include "config/pressure.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "config/retention_classes.h"
#include "config/suggest.h"

namespace tapdeck::config {
namespace {

void check_thresholds(const RetentionPressure& pressure, const ReportProblem& report) {
  if (pressure.low_percent == 0) {
    if (!pressure.order.empty()) {
      report("retention_pressure.low_percent",
             "is 0, so nothing of retention_pressure.order ever goes early; say from when on");
    }
    return;
  }
  if (pressure.enough_percent <= pressure.low_percent) {
    report("retention_pressure.enough_percent", "must exceed low_percent");
  }
  if (pressure.stop_percent >= pressure.low_percent) {
    report("retention_pressure.stop_percent",
           "must be below low_percent: what may go early goes first");
  }
  if (pressure.order.empty()) {
    report("retention_pressure.order", "is empty: say what may go early, or set low_percent to 0");
  }
}

std::string unknown_class(const std::string& name, const std::vector<RetentionClass>& classes) {
  std::vector<std::string_view> words;
  for (const RetentionClass& each : classes) words.push_back(each.name);
  const std::string_view nearest = nearest_word(name, words);
  return "there is no retention class '" + name + "'" +
         (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?");
}

}  // namespace

void check_retention_pressure(const Config& config, const ReportProblem& report) {
  const RetentionPressure& pressure = config.retention_pressure;
  check_thresholds(pressure, report);
  const std::vector<RetentionClass> classes = retention_classes(config);
  std::set<std::pair<std::string_view, PartChoice>> seen;
  for (std::size_t i = 0; i < pressure.order.size(); ++i) {
    const EarlyExpiry& early = pressure.order[i];
    const std::string path = "retention_pressure.order[" + std::to_string(i) + "]";
    const auto found = std::ranges::find(classes, early.retention_class, &RetentionClass::name);
    if (early.retention_class.empty()) continue;  // the loader has said so
    if (found == classes.end()) {
      report(path + ".retention_class", unknown_class(early.retention_class, classes));
      continue;
    }
    const bool for_ever =
        found->days == 0 && (early.part == PartChoice::kMedia || found->sip_days == 0);
    if (found->locked) {
      report(path + ".retention_class", found->name + " is locked: nothing of it goes early");
    } else if (for_ever) {
      report(path + ".retention_class",
             found->name + " keeps that for ever: give it days, or leave it out");
    }
    if (!seen.insert({found->name, early.part}).second) {
      report(path, "stands there already");
    }
  }
}

}  // namespace tapdeck::config
