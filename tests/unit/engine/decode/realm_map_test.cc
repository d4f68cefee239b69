#include "engine/decode/realm_map.h"

#include <memory>

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

Decoded packet(std::uint16_t vlan, std::uint16_t inner_vlan, std::uint32_t vni = kNoVni) {
  Decoded out;
  out.vlan = vlan;
  out.inner_vlan = inner_vlan;
  out.vni = vni;
  return out;
}

TEST(RealmMap, AnEmptyOneLeavesThePortsRealm) {
  const auto map = std::make_unique<RealmMap>();
  EXPECT_EQ(map->of(3, packet(100, 100, 5)), 3);
}

TEST(RealmMap, TheInnermostDecides) {
  const auto map = std::make_unique<RealmMap>();
  map->add_vlans(100, 199, 1);
  map->add_vlans(4'094, 4'094, 2);
  ASSERT_TRUE(map->add_vnis(500, 599, 4));
  ASSERT_TRUE(map->add_vnis(7, 7, 3));
  ASSERT_TRUE(map->add_vnis(0xffffff, 0xffffff, 5));
  EXPECT_EQ(map->of(9, packet(0, 0)), 9);
  EXPECT_EQ(map->of(9, packet(99, 99)), 9);
  EXPECT_EQ(map->of(9, packet(100, 100)), 1);
  EXPECT_EQ(map->of(9, packet(199, 5)), 1);       // the outer one is named, the inner is not
  EXPECT_EQ(map->of(9, packet(199, 4'094)), 2);   // both are
  EXPECT_EQ(map->of(9, packet(100, 100, 7)), 3);  // the VNI comes first
  EXPECT_EQ(map->of(9, packet(100, 100, 8)), 1);
  EXPECT_EQ(map->of(9, packet(0, 0, 599)), 4);
  EXPECT_EQ(map->of(9, packet(0, 0, 600)), 9);
  EXPECT_EQ(map->of(9, packet(0, 0, 0)), 9);
  EXPECT_EQ(map->of(9, packet(0, 0, 0xffffff)), 5);
}

TEST(RealmMap, SaysWhenItIsFull) {
  const auto map = std::make_unique<RealmMap>();
  for (std::uint32_t i = 0; i < kVniRangesMax; ++i) ASSERT_TRUE(map->add_vnis(i * 2, i * 2, 1));
  EXPECT_FALSE(map->add_vnis(1'000'000, 1'000'000, 1));
  EXPECT_EQ(map->of(0, packet(0, 0, 2 * kVniRangesMax - 2)), 1);
}

}  // namespace
}  // namespace tapdeck::engine
