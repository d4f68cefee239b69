#include "pipelines/calls/line_security.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

TEST(LineSecurity, AnOfferCountsUntilItsAnswer) {
  LineSecurity lines;
  lines.offered(0, 1);
  EXPECT_TRUE(lines.is_secure(0, 1, 1));
  EXPECT_TRUE(lines.is_secure({}, 0, 1)) << "who sends is not known";
  EXPECT_FALSE(lines.is_secure(0, 1, 0)) << "another line";
  lines.forget_offers();
  EXPECT_FALSE(lines.is_secure(0, 1, 1));
  lines.offered(0, 1);
  lines.agreed(0, 1, false);
  lines.agreed(1, 1, false);
  EXPECT_FALSE(lines.is_secure(0, 1, 1));
  lines.offered(0, 1);
  EXPECT_FALSE(lines.is_secure(1, 0, 1)) << "a new offer changes nothing yet";
}

TEST(LineSecurity, WhatWasAgreedOnOnceStays) {
  LineSecurity lines;
  lines.agreed(0, 0, true);
  lines.agreed(1, 0, true);
  lines.forget_offers();
  lines.agreed(0, 0, false);
  lines.agreed(1, 0, false);
  EXPECT_TRUE(lines.is_secure(0, 1, 0));
}

TEST(LineSecurity, OfSeveralForksEachHasItsOwn) {
  LineSecurity lines;
  lines.agreed(0, 0, true);
  lines.agreed(1, 0, true);
  lines.agreed(0, 0, false);
  lines.agreed(2, 0, false);
  EXPECT_TRUE(lines.is_secure(0, 1, 0));
  EXPECT_FALSE(lines.is_secure(2, 0, 0));
}

TEST(LineSecurity, IsBounded) {
  LineSecurity lines;
  for (std::size_t i = 0; i < kSecureLinesMax; ++i) lines.offered(0, i);
  lines.offered(1, 0);
  lines.forget_offers();
  lines.agreed(1, 0, true);
  EXPECT_TRUE(lines.is_secure(1, {}, 0));
}

}  // namespace
}  // namespace tapdeck::calls
