#include "base/flat_map.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(FlatMap, IsSortedAndHasEachKeyOnce) {
  FlatMap<std::string, int> map = {{"b", 1}, {"a", 2}, {"b", 3}};
  ++map[std::string_view("c")];
  ++map[std::string_view("a")];
  EXPECT_EQ(map, (FlatMap<std::string, int>{{"a", 3}, {"b", 3}, {"c", 1}}));
  std::string keys;
  for (const auto& [key, value] : map) keys += key;
  EXPECT_EQ(keys, "abc");
}

TEST(FlatMap, FindsOnlyWhatIsThere) {
  const FlatMap<std::string, int> map = {{"b", 1}, {"d", 2}};
  for (const char* missing : {"", "a", "c", "e"}) EXPECT_FALSE(map.contains(missing)) << missing;
  EXPECT_EQ(map.find("c"), map.end());
  EXPECT_EQ(map.at("d"), 2);
}

}  // namespace
}  // namespace tapdeck
