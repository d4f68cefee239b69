#include "engine/endpoint_map.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

class EndpointMapTest : public ::testing::Test {
 protected:
  EndpointMapTest()
      : arena_((test_eal(), 0)),
        map_(arena_,
             {.addresses_max = 8,
              .claims_max = 8,
              .calls_max = 20,
              .adopt_ns = 10,
              .hash_seed = 1}) {
    address_ = map_.find_or_create(0, endpoint_);
  }

  std::uint32_t bind(std::uint32_t call, std::int64_t time_ns) {
    return bind_at(address_, call, time_ns);
  }

  std::uint32_t bind_at(std::uint32_t address, std::uint32_t call, std::int64_t time_ns) {
    BindMessage message;
    message.call = {call, 1};
    message.time_ns = time_ns;
    message.payload_clock_count = 1;
    message.payload_clocks[0] = {96, 48'000};
    map_.call_slot(message.call);
    return map_.bind(address, message, evicted_);
  }

  std::uint32_t owner_at(std::int64_t time_ns) {
    const std::uint32_t claim = map_.resolve(address_, time_ns);
    return claim == kNone ? 0 : map_.claim(claim).call.index;
  }

  Arena arena_;
  EndpointMap map_;
  Endpoint endpoint_ = *parse_endpoint("192.0.2.9:9000");
  std::uint32_t address_ = kNone;
  CallHandle evicted_;
};

TEST_F(EndpointMapTest, ThePacketsTimeDecidesBetweenClaims) {
  const std::uint32_t first = bind(1, 100);
  bind(2, 200);
  map_.claim(first).unbind_ns = 150;
  EXPECT_EQ(owner_at(89), 0U) << "too long before the first";
  EXPECT_EQ(owner_at(90), 1U) << "adopted";
  EXPECT_EQ(owner_at(150), 1U);
  EXPECT_EQ(owner_at(151), 0U) << "ended, and the next begins too late";
  EXPECT_EQ(owner_at(195), 2U) << "adopted by the next";
  EXPECT_EQ(owner_at(250), 2U);
}

TEST_F(EndpointMapTest, TheNewestLiveClaimWinsAndTheOlderComesBack) {
  bind(1, 100);
  const std::uint32_t second = bind(2, 200);
  EXPECT_EQ(owner_at(300), 2U);
  EXPECT_EQ(owner_at(199), 1U) << "a packet from before the second bind";
  map_.remove_claim(second);
  EXPECT_EQ(owner_at(300), 1U);
}

// Each leg of a back-to-back user agent that passes SDP on is the later one at one of the ends.
TEST_F(EndpointMapTest, BothDirectionsBelongToTheSameOfTwoCallsThatNameBothEnds) {
  const std::uint32_t other = map_.find_or_create(0, *parse_endpoint("192.0.2.8:8000"));
  bind_at(other, 1, 100);
  bind_at(other, 2, 110);
  bind_at(address_, 2, 200);
  bind_at(address_, 1, 210);
  const auto owner = [this](std::uint32_t claim) { return map_.claim(claim).call.index; };
  EXPECT_EQ(owner(map_.resolve(address_, other, 300)), 1U);
  EXPECT_EQ(owner(map_.resolve(other, address_, 300)), 1U);
  EXPECT_EQ(owner(map_.resolve(other, address_, 205)), 2U)
      << "the other one does not know both yet";
}

TEST_F(EndpointMapTest, RealmsAndPortsAreDifferentAddresses) {
  EXPECT_EQ(map_.find(1, endpoint_), kNone);
  EXPECT_EQ(map_.find(0, *parse_endpoint("192.0.2.9:9001")), kNone);
  EXPECT_EQ(map_.find(0, endpoint_), address_);
}

TEST_F(EndpointMapTest, TheOldestOfTooManyClaimsIsEvicted) {
  for (std::uint32_t call = 1; call <= kClaimsPerAddress; ++call) {
    bind(call, 100 * call);
    EXPECT_TRUE(evicted_.is_none());
  }
  bind(9, 900);
  EXPECT_EQ(evicted_.index, 1U);
  EXPECT_EQ(map_.address(address_).claim_count, kClaimsPerAddress);
}

TEST_F(EndpointMapTest, ARenewedClaimTakesNoSecondPlace) {
  const std::uint32_t claim = bind(1, 100);
  EXPECT_EQ(bind(1, 500), claim);
  EXPECT_EQ(map_.address(address_).claim_count, 1U);
  EXPECT_EQ(map_.claim(claim).time_ns, 100);
  EXPECT_EQ(map_.claim(claim).clock_rate_hz(96), 48'000U);
  EXPECT_EQ(map_.claim(claim).clock_rate_hz(8), 8'000U);
  EXPECT_EQ(map_.claim(claim).clock_rate_hz(97), 0U);
}

TEST_F(EndpointMapTest, StaleAndWildHandlesHaveNoSlot) {
  ASSERT_NE(map_.call_slot({5, 2}), nullptr);
  EXPECT_EQ(map_.call_slot({5, 1}), nullptr);
  EXPECT_EQ(map_.call_slot({0, 1}), nullptr);
  EXPECT_EQ(map_.call_slot({21, 1}), nullptr);
}

TEST_F(EndpointMapTest, AFaxHasClaimsOfItsOwn) {
  EXPECT_FALSE(map_.has_fax());
  const std::uint32_t claim = bind(1, 100);
  EXPECT_EQ(map_.resolve_fax(address_, 100, false), kNone);
  BindMessage message;
  message.call = {1, 1};
  message.fax = message.no_rtp = true;
  EXPECT_EQ(map_.bind(address_, message, evicted_), claim);
  EXPECT_TRUE(map_.has_fax());
  EXPECT_EQ(map_.resolve_fax(address_, 100, false), claim);
  EXPECT_EQ(map_.resolve_fax(address_, 99, false), kNone) << "nothing is adopted";
  EXPECT_EQ(map_.resolve_fax(address_, 100, true), kNone);
  EXPECT_EQ(owner_at(100), 0U) << "it explains no RTP";
  map_.bind(address_, message, evicted_);
  map_.remove_claim(claim);
  EXPECT_FALSE(map_.has_fax());
}

TEST_F(EndpointMapTest, AFullTableSaysSoAndUnusedAddressesMakeRoom) {
  for (std::uint16_t port = 1; port < 8; ++port) {
    EXPECT_NE(map_.find_or_create(0, {endpoint_.ip, port}), kNone);
  }
  EXPECT_EQ(map_.find_or_create(0, {endpoint_.ip, 8}), kNone);
  map_.drop_if_unused(address_);
  EXPECT_NE(map_.find_or_create(0, {endpoint_.ip, 8}), kNone);
}

// A call that offers ever new ports gives up those that it no longer uses, and never takes the room
// of others.
TEST(EndpointMap, ACallGivesUpItsOldestEndedClaimForASurplusOne) {
  test_eal();
  Arena arena(0);
  EndpointMap map(arena, {.addresses_max = 100, .claims_max = 100, .calls_max = 2, .hash_seed = 1});
  std::vector<std::uint32_t> claims;
  CallHandle evicted;
  BindMessage message;
  message.call = {1, 1};
  map.call_slot(message.call);
  for (std::uint16_t i = 0; i < kClaimsPerCall; ++i) {
    EXPECT_EQ(map.surplus_claim(message.call), kNone) << i;
    const Endpoint endpoint{make_ipv4(0xc0000201), static_cast<std::uint16_t>(4'000 + i)};
    claims.push_back(map.bind(map.find_or_create(0, endpoint), message, evicted));
  }
  EXPECT_EQ(map.surplus_claim(message.call), claims[0]) << "all are live: the oldest";
  map.claim(claims[5]).unbind_ns = 7;
  map.claim(claims[9]).unbind_ns = 6;
  EXPECT_EQ(map.surplus_claim(message.call), claims[5]) << "the oldest that has ended";
  map.remove_claim(claims[5]);
  EXPECT_EQ(map.surplus_claim(message.call), kNone);
}

}  // namespace
}  // namespace tapdeck::engine
