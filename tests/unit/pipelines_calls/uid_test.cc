#include "pipelines/calls/uid.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

TEST(Uid, DependsOnEveryPartOfTheIdentity) {
  storage::Hasher hasher;
  const CallOrigin one{1, "call", "tag", 1'700'000'000'123'456'789};
  const Uid uid = identify_call(one, hasher);
  EXPECT_EQ(uid, identify_call(one, hasher));
  EXPECT_EQ(uid.start_ms(), 1'700'000'000'123);
  EXPECT_NE(uid, identify_call({2, "call", "tag", one.first_ns}, hasher));
  EXPECT_NE(uid, identify_call({1, "cal", "ltag", one.first_ns}, hasher));
  EXPECT_NE(uid, identify_call({1, "call", "tag2", one.first_ns}, hasher));
  EXPECT_NE(uid, identify_call({1, "call", "tag", one.first_ns + 1}, hasher));
}

}  // namespace
}  // namespace tapdeck::calls
