#include "pipelines/numbers/number_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::numbers {
namespace {

class Cache {
 public:
  explicit Cache(std::uint32_t entries) : cache_(entries, 7) {}

  // What the cache says, and whether it had to ask.
  std::string get(std::uint16_t plan, const std::string& written) {
    asked_ = false;
    return std::string(cache_
                           .get(plan,
                                written,
                                [&] {
                                  asked_ = true;
                                  return Number("+" + std::to_string(plan) + written);
                                })
                           .e164());
  }

  bool asked_ = false;
  NumberCache cache_;
};

TEST(NumberCache, AsksOnce) {
  Cache cache(1024);
  EXPECT_EQ(cache.get(1, "030"), "+1030");
  EXPECT_TRUE(cache.asked_);
  EXPECT_EQ(cache.get(1, "030"), "+1030");
  EXPECT_FALSE(cache.asked_);
  EXPECT_EQ(cache.cache_.hits(), 1U);
  EXPECT_EQ(cache.cache_.misses(), 1U);
}

TEST(NumberCache, PlansAndTextsAreToldApart) {
  Cache cache(2);  // one set
  EXPECT_EQ(cache.get(1, "030"), "+1030");
  EXPECT_EQ(cache.get(2, "030"), "+2030");
  EXPECT_EQ(cache.get(1, "030"), "+1030");
  EXPECT_FALSE(cache.asked_);
  EXPECT_EQ(cache.get(1, "0301"), "+10301");
  EXPECT_TRUE(cache.asked_);
}

TEST(NumberCache, TheOneNotUsedLastMakesRoom) {
  Cache cache(2);
  cache.get(0, "1");
  cache.get(0, "2");
  cache.get(0, "1");
  cache.get(0, "3");
  cache.get(0, "1");
  EXPECT_FALSE(cache.asked_);
  cache.get(0, "2");
  EXPECT_TRUE(cache.asked_);
}

TEST(NumberCache, KeepsTheLongestTextWhole) {
  Cache cache(2);
  const std::string longest(kWrittenMax, '1');
  cache.cache_.get(0, longest, [] { return Number(NumberKind::kE164); });
  const Number& again = cache.cache_.get(0, longest, [] { return Number(); });
  EXPECT_EQ(again.kind(), NumberKind::kE164);
}

TEST(NumberCache, WhatIsNoNumberIsRememberedToo) {
  Cache cache(2);
  cache.cache_.get(0, "101", [] { return Number(NumberKind::kExtension); });
  cache.get(0, "101");
  EXPECT_FALSE(cache.asked_);
}

// Asked in turn, which is the worst order: what finds both of its sets full pushes others out.
TEST(NumberCache, AWorkingSetOfHalfItsSizeStays) {
  Cache cache(4'096);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 2'048; ++i) cache.get(0, std::to_string(i));
  }
  const double hits = static_cast<double>(cache.cache_.hits()) / (3 * 2'048);
  EXPECT_GT(hits, 0.97);
}

}  // namespace
}  // namespace tapdeck::numbers
