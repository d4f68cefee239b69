#include "bench/load/space_load.h"

#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::load {
namespace {

TEST(SpaceLoad, CallsTakeLittleMoreThanTheirMedia) {
  engine::test_eal();
  // Below this program: /tmp may be memory.
  const auto directory =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "space-load";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directory(directory);
  const auto found = run_space_load({.directory = directory.string(), .calls = 8});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(directory)) << "something stays";
  std::filesystem::remove_all(directory);
  std::map<std::string, double> ratios;
  for (const SpaceResult& result : *found) {
    EXPECT_FALSE(result.wrong) << result.traffic;
    EXPECT_GT(result.packets, 0U) << result.traffic;
    ratios[result.traffic] = result.ratio();
  }
  EXPECT_LE(ratios.at("g711"), 1.10);
  EXPECT_LE(ratios.at("g729"), 1.25);
  for (const char* traffic : {"g711_dtx", "g729_dtx", "g729_one_silent", "g711_3s", "g729_3s"}) {
    EXPECT_LE(ratios.at(traffic), 2) << traffic;
  }
}

}  // namespace
}  // namespace tapdeck::load
