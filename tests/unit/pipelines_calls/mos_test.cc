#include "pipelines/calls/mos.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

// Worked by hand from G.107 with the values of G.113 Appendix I.
TEST(Mos, FollowsTheModel) {
  EXPECT_NEAR(*estimate_mos("PCMU", 0), 4.409, 0.001);
  EXPECT_NEAR(*estimate_mos("pcma", 1), 3.834, 0.001);
  EXPECT_NEAR(*estimate_mos("G729", 0), 4.106, 0.005);
  EXPECT_GE(*estimate_mos("PCMU", 100), 1.0);
  EXPECT_LT(*estimate_mos("PCMU", 20), *estimate_mos("PCMU", 5));
}

TEST(Mos, IsUnknownForCodecsWithoutParameters) {
  EXPECT_FALSE(estimate_mos("opus", 0));
  EXPECT_FALSE(estimate_mos("", 0));
}

}  // namespace
}  // namespace tapdeck::calls
