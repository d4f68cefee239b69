#include "pipelines/calls/message_numbers.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

class MessageNumbersTest : public ::testing::Test {
 protected:
  MessageNumbersTest() : numbering_(options(), {}, 1) {
    signal_.source = *parse_endpoint("192.0.2.1:5060");
    signal_.destination = *parse_endpoint("198.51.100.1:5060");
  }

  static numbers::NumberingOptions options() {
    numbers::NumberingOptions made;
    made.numbers.default_region = "DE";
    made.trunks.resize(1);
    made.trunks[0].name = "carrier";
    made.trunks[0].networks = {"192.0.2.0/24"};
    made.trunks[0].rules.resize(1);
    made.trunks[0].rules[0].match = "49";
    made.trunks[0].rules[0].prefix = "+";
    made.internal_networks = {"198.51.100.0/24"};
    return made;
  }

  numbers::Numbering numbering_;
  SignalMessage signal_;
  MessageFacts facts_;
};

TEST_F(MessageNumbersTest, AResponseGoesBackWhereTheCallCameFrom) {
  EXPECT_EQ(route_of({signal_, facts_, &numbering_}).direction(), CallDirection::kInbound);
  facts_.is_request = false;
  EXPECT_EQ(route_of({signal_, facts_, &numbering_}).direction(), CallDirection::kOutbound);
}

TEST_F(MessageNumbersTest, TheTrunkItPassedRules) {
  const MessageNumbers on_trunk({signal_, facts_, &numbering_});
  EXPECT_EQ(on_trunk.e164("4930123456"), "+4930123456");
  EXPECT_EQ(on_trunk.e164(PersonFacts{"", "", "30123456", "+49"}), "+4930123456");
  signal_.source = signal_.destination;
  const MessageNumbers inside({signal_, facts_, &numbering_});
  EXPECT_EQ(inside.e164("4930123456"), "");
  EXPECT_EQ(inside.e164("030123456"), "+4930123456");
}

TEST_F(MessageNumbersTest, WithoutAPlanThereIsNothing) {
  EXPECT_FALSE(route_of({signal_, facts_}).known());
  EXPECT_EQ(MessageNumbers({signal_, facts_}).e164("+4930123456"), "");
}

}  // namespace
}  // namespace tapdeck::calls
