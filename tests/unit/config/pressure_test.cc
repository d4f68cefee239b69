#include "config/pressure.h"

#include <gtest/gtest.h>

#include "config/generate.h"
#include "config/load.h"
#include "config/validate.h"

namespace tapdeck::config {
namespace {

constexpr const char* kClasses =
    "retention_classes:\n"
    "  - {name: short, days: 30}\n"
    "  - {name: mifid, days: 1826, locked: true}\n"
    "  - {name: media-only, days: 0, sip_days: 30}\n";

std::string pressure_mistakes(const std::string& pressure) {
  const Loaded loaded = load_text(kClasses + ("retention_pressure:\n" + pressure), "c");
  std::string text = to_string(loaded.problems);
  ValidateOptions options;
  options.host = HostChecks::kSkip;
  return text + to_string(validate(loaded.config, "c", loaded.lines, options));
}

TEST(RetentionPressure, ByDefaultNothingGoesEarly) {
  const Config config = defaults();
  EXPECT_EQ(config.retention_pressure.low_percent, 0U);
  EXPECT_TRUE(config.retention_pressure.order.empty());
  EXPECT_GT(config.retention_pressure.stop_percent, 0U);
  EXPECT_EQ(pressure_mistakes("  stop_percent: 5\n"), "");
}

TEST(RetentionPressure, TheOrderIsThatOfTheFile) {
  const std::string text =
      "  low_percent: 10\n"
      "  enough_percent: 15\n"
      "  order:\n"
      "    - {retention_class: short}\n"
      "    - {retention_class: default, part: media}\n"
      "    - {retention_class: short, part: sip}\n";
  EXPECT_EQ(pressure_mistakes(text), "");
  const Loaded loaded = load_text(kClasses + ("retention_pressure:\n" + text), "c");
  const auto& order = loaded.config.retention_pressure.order;
  ASSERT_EQ(order.size(), 3U);
  EXPECT_EQ(order[0].retention_class, "short");
  EXPECT_EQ(order[0].part, PartChoice::kMedia);
  EXPECT_EQ(order[2].part, PartChoice::kSip);
  EXPECT_EQ(load_text(render(loaded.config), "print").config, loaded.config);
}

TEST(RetentionPressure, WhatMayNotGoEarlyIsRefusedWithItsLine) {
  EXPECT_EQ(
      pressure_mistakes("  low_percent: 9\n"
                        "  order:\n"
                        "    - {retention_class: mifid}\n"
                        "    - {retention_class: shrot}\n"
                        "    - {retention_class: imported}\n"
                        "    - {retention_class: media-only, part: sip}\n"
                        "    - {retention_class: short}\n"
                        "    - {retention_class: short, part: media}\n"),
      "c:8: retention_pressure.order[0].retention_class: mifid is locked: nothing of it goes "
      "early\n"
      "c:9: retention_pressure.order[1].retention_class: there is no retention class 'shrot'; "
      "did you mean short?\n"
      "c:10: retention_pressure.order[2].retention_class: imported keeps that for ever: give "
      "it days, or leave it out\n"
      "c:13: retention_pressure.order[5]: stands there already");
  EXPECT_NE(pressure_mistakes("  low_percent: 9\n  order: [{part: cdr, retention_class: short}]\n"),
            "");
  EXPECT_NE(pressure_mistakes("  low_percent: 9\n  order: [{part: sip}]\n"), "");
}

TEST(RetentionPressure, ThresholdsStandInOrder) {
  const std::string order = "  order: [{retention_class: short}]\n";
  EXPECT_EQ(pressure_mistakes("  low_percent: 9\n  enough_percent: 9\n" + order),
            "c:7: retention_pressure.enough_percent: must exceed low_percent");
  EXPECT_EQ(pressure_mistakes("  low_percent: 9\n  stop_percent: 9\n" + order),
            "c:7: retention_pressure.stop_percent: must be below low_percent: what may go early "
            "goes first");
  EXPECT_EQ(pressure_mistakes("  low_percent: 9\n"),
            "c:5: retention_pressure.order: is empty: say what may go early, or set low_percent to "
            "0");
  EXPECT_NE(pressure_mistakes(order).find("say from when on"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::config
