#include "pipelines/calls/line_security.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Endpoint at(std::uint32_t host) { return {make_ipv4(host), 4'000}; }

// Of parties at the hosts of their numbers.
LineSecurity::Line line(std::uint8_t party, std::uint16_t index = 0) {
  return {party, index, at(party)};
}

class LineSecurityTest : public ::testing::Test {
 protected:
  // What all of SDP says from `second` on.
  void agree(bool secure, std::int64_t second, std::uint8_t callee = 1) {
    lines_.begin();
    lines_.agreed(line(0), secure);
    lines_.agreed(line(callee), secure);
    lines_.finish(second * kSecond);
  }

  bool is_secure(LineSecurity::End sender,
                 LineSecurity::End receiver,
                 std::int64_t from = 10,
                 std::int64_t to = 20,
                 std::uint16_t index = 0) {
    return lines_.is_secure(sender, receiver, index, {from * kSecond, to * kSecond});
  }

  bool is_secure(std::int64_t from, std::int64_t to) {
    const bool there = is_secure({0, at(0)}, {1, at(1)}, from, to);
    EXPECT_EQ(is_secure({1, at(1)}, {0, at(0)}, from, to), there);
    return there;
  }

  LineSecurity lines_;
};

TEST_F(LineSecurityTest, AnOfferCountsUntilItsAnswer) {
  lines_.begin();
  lines_.offered(line(0, 1));
  lines_.finish(5 * kSecond);
  EXPECT_TRUE(is_secure({0, at(0)}, {1, at(1)}, 10, 20, 1));
  EXPECT_TRUE(is_secure({}, {0, at(0)}, 10, 20, 1)) << "who sends is not known";
  EXPECT_FALSE(is_secure({0, at(0)}, {1, at(1)}, 10, 20, 0)) << "another line";
  lines_.begin();
  lines_.finish(9 * kSecond);
  EXPECT_FALSE(is_secure({0, at(0)}, {1, at(1)}, 10, 20, 1)) << "it was refused";
}

TEST_F(LineSecurityTest, WhatWasAgreedOnHoldsFromThenOn) {
  lines_.see_clear(0);
  agree(true, 10);
  agree(true, 12);
  agree(false, 20);
  EXPECT_FALSE(is_secure(1, 9));
  EXPECT_TRUE(is_secure(10, 20));
  EXPECT_FALSE(is_secure(20, 30));
  EXPECT_TRUE(is_secure(9, 20)) << "its first packets went before the answer";
  EXPECT_TRUE(is_secure(1, 15)) << "a part of it";
  EXPECT_TRUE(is_secure(15, 15)) << "a single packet";
}

TEST_F(LineSecurityTest, MediaThatChangeWithTheAgreementAreWhatTheyWere) {
  lines_.see_clear(0);
  agree(true, 10);
  EXPECT_FALSE(lines_.is_secure({0, at(0)}, {1, at(1)}, 0, {kSecond, 10 * kSecond + kSecond / 2}));
}

TEST_F(LineSecurityTest, WhatIsKnownFirstWasSoBefore) {
  agree(true, 10);
  EXPECT_TRUE(is_secure(1, 5));
}

TEST_F(LineSecurityTest, OfSeveralForksEachHasItsOwn) {
  lines_.begin();
  lines_.agreed(line(0), true);
  lines_.agreed(line(1), true);
  lines_.agreed(line(0), false);
  lines_.agreed(line(2), false);
  lines_.finish(0);
  EXPECT_TRUE(is_secure({0, at(0)}, {1, at(1)}));
  EXPECT_FALSE(is_secure({2, at(2)}, {0, at(0)}));
  EXPECT_FALSE(is_secure({0, at(0)}, {2, at(2)}));
}

// A border element has two addresses, and the leg behind it is in clear.
TEST_F(LineSecurityTest, EachLegIsWhatItsAddressesAgreedOn) {
  lines_.begin();
  lines_.agreed(line(0), true);
  lines_.agreed({1, 0, at(7)}, true);
  lines_.agreed({0, 0, at(8)}, false);
  lines_.agreed(line(1), false);
  lines_.finish(0);
  EXPECT_TRUE(is_secure({0, at(0)}, {1, at(7)}));
  EXPECT_TRUE(is_secure({1, at(7)}, {0, at(0)}));
  EXPECT_FALSE(is_secure({0, at(8)}, {1, at(1)}));
  EXPECT_FALSE(is_secure({1, at(1)}, {0, at(8)}));
  EXPECT_TRUE(is_secure({0, at(50)}, {1, at(7)})) << "behind an address translation";
}

TEST_F(LineSecurityTest, KeysInTheMediaPathStay) {
  lines_.see_clear(0);
  lines_.keyed(line(0));
  lines_.keyed(line(1));
  agree(false, 10);
  EXPECT_TRUE(is_secure(1, 5));
  EXPECT_TRUE(is_secure(20, 30));
}

TEST_F(LineSecurityTest, IsBounded) {
  lines_.begin();
  for (std::uint16_t i = 0; i < kSecureLinesMax; ++i) lines_.offered(line(0, i));
  lines_.offered(line(1));
  lines_.finish(0);
  EXPECT_TRUE(is_secure({0, at(0)}, {}));
  EXPECT_FALSE(is_secure({1, at(1)}, {}));
}

}  // namespace
}  // namespace tapdeck::calls
