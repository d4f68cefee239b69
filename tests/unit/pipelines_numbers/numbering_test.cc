#include "pipelines/numbers/numbering.h"

#include <gtest/gtest.h>

namespace tapdeck::numbers {
namespace {

NumberingOptions options(std::string region) {
  NumberingOptions made;
  made.numbers.default_region = std::move(region);
  made.trunks.resize(2);
  made.trunks[0].name = "carrier";
  made.trunks[0].networks = {"192.0.2.0/24"};
  made.trunks[0].rules.resize(1);
  made.trunks[0].rules[0].match = "49";
  made.trunks[0].rules[0].prefix = "+";
  made.trunks[1].name = "rome";
  made.trunks[1].side = config::TrunkSide::kInternal;
  made.trunks[1].networks = {"198.51.100.0/24"};
  made.trunks[1].region = "IT";
  return made;
}

TEST(Numbering, EachTrunkHasItsPlan) {
  Numbering numbering(options("DE"), {}, 1);
  EXPECT_EQ(numbering.e164(0, "4930123456", ""), "+4930123456");
  EXPECT_EQ(numbering.e164(1, "4930123456", ""), "");
  EXPECT_EQ(numbering.e164(kNoTrunk, "4930123456", ""), "");
  EXPECT_EQ(numbering.e164(1, "0669812345", ""), "+390669812345");
  EXPECT_EQ(numbering.e164(kNoTrunk, "030123456", ""), "+4930123456");
}

TEST(Numbering, WithoutARegionNothingIsMadeUp) {
  NumberingOptions none;
  Numbering numbering(none, {}, 1);
  EXPECT_EQ(numbering.e164(kNoTrunk, "030123456", ""), "");
  EXPECT_EQ(numbering.e164(kNoTrunk, "004930123456", ""), "");
  EXPECT_EQ(numbering.figures().misses, 0U) << "and nobody is asked";
  EXPECT_EQ(numbering.e164(kNoTrunk, "+4930123456", ""), "+4930123456");
  EXPECT_EQ(numbering.e164(kNoTrunk, "30123456", "+49"), "+4930123456");
  EXPECT_EQ(numbering.e164(kNoTrunk, "+4930123456", "+1"), "+4930123456");
  EXPECT_EQ(numbering.e164(kNoTrunk, "101", "+49"), "") << "an extension of that context";
  EXPECT_EQ(numbering.e164(kNoTrunk, "030123456", "example.com"), "");
}

TEST(Numbering, CountsWhatItWasAsked) {
  Numbering numbering(options("DE"), {}, 1);
  numbering.e164(kNoTrunk, "030123456", "");
  numbering.e164(kNoTrunk, "030123456", "");
  numbering.e164(kNoTrunk, "alice", "");
  numbering.e164(kNoTrunk, "", "");
  EXPECT_EQ(numbering.figures().hits, 1U);
  EXPECT_EQ(numbering.figures().misses, 1U);
  EXPECT_EQ(numbering.figures().not_numbers, 1U);
}

TEST(Numbering, RoutesMessages) {
  const Numbering numbering(options(""), {}, 1);
  const CallRoute route =
      numbering.route(0, *parse_endpoint("192.0.2.1:5060"), *parse_endpoint("198.51.100.1:5060"));
  EXPECT_EQ(route.direction(), CallDirection::kInbound);
  EXPECT_EQ(route.trunk(), 0);
  const Numbering none({}, {}, 1);
  EXPECT_FALSE(
      none.route(0, *parse_endpoint("192.0.2.1:1"), *parse_endpoint("192.0.2.2:1")).known());
}

}  // namespace
}  // namespace tapdeck::numbers
