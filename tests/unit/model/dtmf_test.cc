#include "model/dtmf.h"

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(PayloadTypes, HoldEachOfThe128) {
  for (const int number : {0, 63, 64, 127}) {
    const auto type = static_cast<std::uint8_t>(number);
    PayloadTypes types;
    EXPECT_TRUE(types.empty());
    types.add(type);
    EXPECT_FALSE(types.empty());
    for (int other = 0; other < 128; ++other) {
      EXPECT_EQ(types.has(static_cast<std::uint8_t>(other)), other == type) << other;
    }
  }
}

TEST(PayloadTypes, JoinAndPart) {
  PayloadTypes low;
  low.add(5);
  PayloadTypes both = low;
  both.add(101);
  PayloadTypes high = both.without(low);
  EXPECT_FALSE(high.has(5));
  EXPECT_TRUE(high.has(101));
  high.add(low);
  EXPECT_EQ(high, both);
}

TEST(DtmfTypes, RedundancyConcernsOnlyWhereThereAreEvents) {
  DtmfTypes types;
  types.redundant.add(121);
  EXPECT_FALSE(types.concerns(121));
  types.events.add(101);
  EXPECT_TRUE(types.concerns(121));
  EXPECT_TRUE(types.concerns(101));
  EXPECT_FALSE(types.concerns(0));
}

}  // namespace
}  // namespace tapdeck
