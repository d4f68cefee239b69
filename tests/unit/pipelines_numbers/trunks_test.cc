#include "pipelines/numbers/trunks.h"

#include <gtest/gtest.h>

namespace tapdeck::numbers {
namespace {

using config::TrunkSide;

config::Trunk trunk(std::string name, TrunkSide side, config::NameList networks) {
  config::Trunk made;
  made.name = std::move(name);
  made.side = side;
  made.networks = std::move(networks);
  return made;
}

CallEnd find(const TrunkTable& table, std::string_view endpoint, RealmId realm = 0) {
  return table.find(realm, *parse_endpoint(endpoint));
}

const std::vector<std::string> kRealms = {"default", "core"};

TEST(TrunkTable, TheLongestPrefixDecides) {
  const TrunkTable table({trunk("wide", TrunkSide::kExternal, {"192.0.0.0/8", "2001:db8::/32"}),
                          trunk("near", TrunkSide::kInternal, {"192.0.2.0/24", "2001:db8:1::/48"}),
                          trunk("host", TrunkSide::kExternal, {"192.0.2.7"})},
                         {},
                         kRealms);
  EXPECT_EQ(find(table, "192.1.0.1:5060"), (CallEnd{0, Side::kExternal}));
  EXPECT_EQ(find(table, "192.0.2.255:5060"), (CallEnd{1, Side::kInternal}));
  EXPECT_EQ(find(table, "192.0.2.7:5060"), (CallEnd{2, Side::kExternal}));
  EXPECT_EQ(find(table, "[2001:db8::1]:5060"), (CallEnd{0, Side::kExternal}));
  EXPECT_EQ(find(table, "[2001:db8:1::1]:5060"), (CallEnd{1, Side::kInternal}));
  EXPECT_EQ(find(table, "193.0.2.7:5060"), CallEnd{});
  EXPECT_EQ(find(table, "[2001:db9::1]:5060"), CallEnd{});
}

TEST(TrunkTable, EveryAddressOfAFamilyIsOfThatFamily) {
  const TrunkTable table({trunk("v4", TrunkSide::kExternal, {"0.0.0.0/0"})}, {}, kRealms);
  EXPECT_EQ(find(table, "203.0.113.1:1").trunk, 0);
  EXPECT_EQ(find(table, "[2001:db8::1]:1").trunk, kNoTrunk);
}

TEST(TrunkTable, PortsAndRealmsNarrowATrunk) {
  config::Trunk port = trunk("port", TrunkSide::kExternal, {"192.0.2.7"});
  port.ports = {5080, 5081};
  config::Trunk realm = trunk("realm", TrunkSide::kInternal, {"192.0.2.7"});
  realm.realm = "core";
  const TrunkTable table(
      {trunk("any", TrunkSide::kExternal, {"192.0.2.0/24"}), realm, port}, {}, kRealms);
  EXPECT_EQ(find(table, "192.0.2.7:5081").trunk, 2);
  EXPECT_EQ(find(table, "192.0.2.7:5060").trunk, 0) << "the shorter prefix, without a port";
  EXPECT_EQ(find(table, "192.0.2.7:5060", 1).trunk, 1);
  EXPECT_EQ(find(table, "192.0.2.7:5080", 1).trunk, 2) << "the port says more than the realm";
}

TEST(TrunkTable, InternalNetworksAreForWhatNoTrunkHas) {
  const TrunkTable table({trunk("carrier", TrunkSide::kExternal, {"10.0.0.0/8"})},
                         {"10.1.0.0/16", "11.0.0.0/8"},
                         kRealms);
  EXPECT_EQ(find(table, "10.1.0.1:5060"), (CallEnd{0, Side::kExternal}));
  EXPECT_EQ(find(table, "11.1.0.1:5060"), (CallEnd{kNoTrunk, Side::kInternal}));
  EXPECT_EQ(find(table, "12.1.0.1:5060"), CallEnd{});
  EXPECT_FALSE(table.empty());
  EXPECT_TRUE(TrunkTable({}, {}, kRealms).empty());
}

TEST(CallRoute, DirectionIsOfBothSides) {
  const auto direction = [](Side from, Side to) {
    return CallRoute{{kNoTrunk, from}, {kNoTrunk, to}}.direction();
  };
  EXPECT_EQ(direction(Side::kExternal, Side::kInternal), CallDirection::kInbound);
  EXPECT_EQ(direction(Side::kInternal, Side::kExternal), CallDirection::kOutbound);
  EXPECT_EQ(direction(Side::kInternal, Side::kInternal), CallDirection::kInternal);
  EXPECT_EQ(direction(Side::kExternal, Side::kExternal), CallDirection::kTransit);
  for (const Side side : {Side::kUnknown, Side::kInternal, Side::kExternal}) {
    EXPECT_EQ(direction(Side::kUnknown, side), CallDirection::kUnknown);
    EXPECT_EQ(direction(side, Side::kUnknown), CallDirection::kUnknown);
  }
}

TEST(CallRoute, TheExternalEndNamesTheTrunk) {
  const CallEnd carrier{1, Side::kExternal};
  const CallEnd other{2, Side::kExternal};
  const CallEnd pbx{3, Side::kInternal};
  const CallEnd phone{kNoTrunk, Side::kInternal};
  EXPECT_EQ((CallRoute{carrier, pbx}.trunk()), 1);
  EXPECT_EQ((CallRoute{pbx, carrier}.trunk()), 1);
  EXPECT_EQ((CallRoute{carrier, other}.trunk()), 1);
  EXPECT_EQ((CallRoute{pbx, phone}.trunk()), 3);
  EXPECT_EQ((CallRoute{phone, pbx}.trunk()), 3);
  EXPECT_EQ((CallRoute{phone, phone}.trunk()), kNoTrunk);
}

TEST(CallRoute, IsMadeAgainOfARecord) {
  for (const CallDirection direction : {CallDirection::kUnknown,
                                        CallDirection::kInbound,
                                        CallDirection::kOutbound,
                                        CallDirection::kInternal,
                                        CallDirection::kTransit}) {
    for (const std::uint16_t trunk : {std::uint16_t{3}, kNoTrunk}) {
      const CallRoute route = CallRoute::of_record(direction, trunk);
      EXPECT_EQ(route.direction(), direction);
      EXPECT_EQ(route.trunk(), trunk);
    }
  }
}

TEST(CallRoute, FurtherHopsSayWhereTheCallGoes) {
  const CallEnd phone{kNoTrunk, Side::kInternal};
  const CallEnd carrier{1, Side::kExternal};
  const CallEnd nobody{};
  CallRoute route;
  EXPECT_FALSE(route.known());
  route.extend(phone, nobody);  // to a proxy that is in no range
  EXPECT_EQ(route.direction(), CallDirection::kUnknown);
  route.extend(nobody, phone);
  EXPECT_EQ(route.direction(), CallDirection::kInternal);
  route.extend(nobody, carrier);
  EXPECT_EQ(route.direction(), CallDirection::kOutbound);
  EXPECT_EQ(route.trunk(), 1);
  route.extend(nobody, phone);
  EXPECT_EQ(route.direction(), CallDirection::kOutbound) << "a hop inside says nothing new";
}

}  // namespace
}  // namespace tapdeck::numbers
