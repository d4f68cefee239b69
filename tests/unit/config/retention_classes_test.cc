#include "config/retention_classes.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "config/validate.h"

namespace tapdeck::config {
namespace {

TEST(RetentionClasses, TwoAreAlwaysThere) {
  const Config config;
  EXPECT_EQ(retention_class_names(config), (std::vector<std::string>{"default", "imported"}));
  EXPECT_EQ(retention_classes(config)[kRetentionDefault].days, 90U);
  EXPECT_EQ(retention_classes(config)[kRetentionDefault].cdr_days, 90U);
  EXPECT_EQ(retention_classes(config)[kRetentionImported].days, 0U);
  EXPECT_EQ(find_retention_class(config, "imported"), kRetentionImported);
  EXPECT_EQ(find_retention_class(config, "nothing"), std::nullopt);
}

TEST(RetentionClasses, ConfiguredOnesStandBehindThemOrReplaceThem) {
  const Loaded loaded = load_text(
      "retention_classes:\n"
      "  - {name: mifid, days: 1826, cdr_days: 3650, locked: true,\n"
      "     basis: \"MiFID II Art. 16(7)\"}\n"
      "  - {name: default, days: 30, sip_days: 7}\n",
      "c");
  EXPECT_EQ(to_string(loaded.problems), "");
  const auto classes = retention_classes(loaded.config);
  ASSERT_EQ(classes.size(), 3U);
  EXPECT_EQ(classes[0].days, 30U);
  EXPECT_EQ(classes[0].sip_days, 7U);
  EXPECT_EQ(classes[0].cdr_days, 30U);
  EXPECT_EQ(classes[2].name, "mifid");
  EXPECT_EQ(classes[2].sip_days, 1'826U);
  EXPECT_EQ(classes[2].cdr_days, 3'650U);
  EXPECT_EQ(classes[2].basis, "MiFID II Art. 16(7)");
  EXPECT_TRUE(classes[2].locked);
  EXPECT_EQ(find_retention_class(loaded.config, "mifid"), 2);
}

std::string class_mistakes(const std::string& classes) {
  const Loaded loaded = load_text("retention_classes: " + classes + "\n", "c");
  std::string text = to_string(loaded.problems);
  ValidateOptions options;
  options.host = HostChecks::kSkip;
  return text + to_string(validate(loaded.config, "c", loaded.lines, options));
}

TEST(RetentionClasses, MistakesAreTold) {
  EXPECT_NE(class_mistakes("[{name: ../x, days: 1}]").find("lower-case letters"),
            std::string::npos);
  EXPECT_NE(class_mistakes("[{days: 1}]"), "");
  EXPECT_NE(class_mistakes("[{name: a}, {name: a}]").find("another class is named a"),
            std::string::npos);
  EXPECT_NE(class_mistakes("[{name: a, days: 20, days_max: 10}]").find("shorter"),
            std::string::npos);
  EXPECT_NE(class_mistakes("[{name: a, days: 20, cdr_days: 10}]").find("stay as long"),
            std::string::npos);
  EXPECT_EQ(class_mistakes("[{name: a, days: 20, days_max: 40, cdr_days: 30}]"), "");
  EXPECT_NE(class_mistakes("[{name: a, days: 20, sip_days: 30}]").find("(0: 20, as media)"),
            std::string::npos);
}

}  // namespace
}  // namespace tapdeck::config
