#include "config/generate.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "config/load.h"

namespace tapdeck::config {
namespace {

// The file in the tree is what the table says.  TAPDECK_UPDATE_GENERATED=1 writes it.
void expect_generated(const std::string& path, const std::string& wanted) {
  const std::string full = std::string(TD_SOURCE_ROOT) + "/" + path;
  if (std::getenv("TAPDECK_UPDATE_GENERATED") != nullptr) std::ofstream(full) << wanted;
  std::ifstream in(full);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(text == wanted) << path << " is stale; run TAPDECK_UPDATE_GENERATED=1 unit_config";
}

TEST(Generate, TheTreeHoldsWhatTheTableSays) {
  expect_generated("docs/config.md", render_docs());
  expect_generated("config/tapdeck.example.yaml", render_example());
}

TEST(Generate, TheExampleLoadsToTheDefaults) {
  const Loaded loaded = load_text(render_example(), "example");
  EXPECT_EQ(to_string(loaded.problems), "");
  EXPECT_EQ(loaded.config, defaults());
}

TEST(Generate, PrintLoadsToTheSame) {
  Config config = defaults();
  config.general.node = "a \"quoted\" \\ name: #1\n\x01 \xc3\xa9";
  config.general.log_level = LogChoice::kDebug;
  config.capture.sip_ports = {5060, 65'535};
  config.capture.ports.resize(2);
  config.capture.ports[0].name = "yes";
  config.capture.ports[0].device = "0000:01:00.0";
  config.capture.ports[1].name = "123";
  config.capture.ports[1].device = "net_null0";
  config.capture.ports[1].promiscuous = false;
  config.realms = {{"core", {"yes", "123"}, {{{7, 7}, {100, 199}}}, {}},
                   {"edge", {}, {}, {{{0, 16'777'215}}}}};
  config.calls.internal_networks = {"10.0.0.0/8"};
  config.trunks.resize(2);
  config.trunks[0].name = "on";
  config.trunks[0].networks = {"192.0.2.0/24", "2001:db8::/32"};
  config.trunks[0].ports = {5060};
  config.trunks[0].rules.resize(2);
  config.trunks[0].rules[1].match = "+0";
  config.trunks[1].side = TrunkSide::kInternal;
  config.trunks[1].name = "b";
  config.trunks[1].networks = {"::"};
  const Loaded loaded = load_text(render(config), "print");
  EXPECT_EQ(to_string(loaded.problems), "");
  EXPECT_EQ(loaded.config, config);
  const Loaded plain = load_text(render(defaults()), "print");
  EXPECT_EQ(to_string(plain.problems), "");
  EXPECT_EQ(plain.config, defaults());
}

}  // namespace
}  // namespace tapdeck::config
