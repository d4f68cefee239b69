#include "config/config.h"

#include <gtest/gtest.h>

#include "config/visit.h"

namespace tapdeck::config {
namespace {

TEST(Config, EveryNumericDefaultIsWithinItsBounds) {
  const Config config = defaults();
  std::size_t numbers = 0;
  const auto check = [&](const OptionInfo& info, const auto& value) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(value)>, std::uint32_t>) {
      ++numbers;
      EXPECT_GE(value, info.min) << info.name;
      EXPECT_LE(value, info.max) << info.name;
    }
    EXPECT_FALSE(info.help.empty()) << info.name;
  };
  visit_sections(config,
                 [&](const SectionInfo&, const auto& section) { visit_options(section, check); });
  const Port port{};
  visit_options(port, check);
  EXPECT_GT(numbers, 25U);
}

TEST(Config, EnumeratorsHaveTheirWords) {
  EXPECT_EQ(words_of(LogChoice{})[static_cast<std::size_t>(LogChoice::kError)], "error");
  EXPECT_EQ(words_of(AutoYesNo{})[static_cast<std::size_t>(AutoYesNo::kNo)], "no");
  EXPECT_EQ(words_of(AutoOff{})[static_cast<std::size_t>(AutoOff::kOff)], "off");
}

TEST(Config, RealmNumbersFollowTheFileAndDefaultIsZero) {
  Config config = defaults();
  config.realms = {{"core", {"b"}, {}, {}}, {"default", {}, {}, {}}, {"edge", {}, {}, {}}};
  EXPECT_EQ(realm_names(config), (std::vector<std::string>{"default", "core", "edge"}));
  Port port;
  port.name = "a";
  EXPECT_EQ(realm_of_port(config, port), 0);
  port.realm = "edge";
  EXPECT_EQ(realm_of_port(config, port), 2);
  port = Port{};
  port.name = "b";  // listed by the realm
  EXPECT_EQ(realm_of_port(config, port), 1);
}

}  // namespace
}  // namespace tapdeck::config
