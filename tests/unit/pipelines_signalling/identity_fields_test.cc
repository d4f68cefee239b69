#include "pipelines/signalling/identity_fields.h"

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

constexpr std::string_view kA = "ab30317f1a784dc48ff824d0d3715d86";
constexpr std::string_view kB = "47755a9de7794ba387653f2099600ef2";

TEST(SessionId, BothHalves) {
  const std::string value = std::string(kA) + " ;remote=" + std::string(kB);
  const auto field = parse_session_id(value);
  ASSERT_TRUE(field);
  EXPECT_EQ(field->local, kA);
  EXPECT_EQ(field->remote, kB);
}

TEST(SessionId, NobodyIsNoHalf) {
  const std::string nil(32, '0');
  const std::string first = std::string(kA) + ";remote=" + nil;
  const auto begun = parse_session_id(first);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->local, kA);
  EXPECT_TRUE(begun->remote.empty());
  const std::string second = nil + ";remote=" + std::string(kB);
  const auto answered = parse_session_id(second);
  ASSERT_TRUE(answered);
  EXPECT_TRUE(answered->local.empty()) << "the sender knows no Session-ID of its own";
}

TEST(SessionId, TheOldFormHasOneHalf) {
  const auto field = parse_session_id(kA);
  ASSERT_TRUE(field);
  EXPECT_EQ(field->local, kA);
  EXPECT_TRUE(field->remote.empty());
}

TEST(SessionId, WhatIsNoUuidIsNothing) {
  EXPECT_FALSE(parse_session_id(""));
  EXPECT_FALSE(parse_session_id("ab30317f1a784dc48ff824d0d3715d8"));
  EXPECT_FALSE(parse_session_id("ab30317f-1a78-4dc4-8ff8-24d0d3715d86"));
  EXPECT_FALSE(parse_session_id("xb30317f1a784dc48ff824d0d3715d86"));
  const std::string odd = std::string(kA) + ";remote=short";
  const auto field = parse_session_id(odd);
  ASSERT_TRUE(field);
  EXPECT_TRUE(field->remote.empty());
}

TEST(ChargingVector, EachPart) {
  const auto vector = parse_charging_vector(
      "icid-value=\"1234 bc;9\";icid-generated-at=192.0.2.8; "
      "orig-ioi=a.example;TERM-IOI=b.example");
  ASSERT_TRUE(vector);
  EXPECT_EQ(vector->icid, "1234 bc;9");
  EXPECT_EQ(vector->generated_at, "192.0.2.8");
  EXPECT_EQ(vector->orig_ioi, "a.example");
  EXPECT_EQ(vector->term_ioi, "b.example");
}

TEST(ChargingVector, WithoutIcidItIsNone) {
  EXPECT_FALSE(parse_charging_vector(""));
  EXPECT_FALSE(parse_charging_vector("orig-ioi=a.example"));
  EXPECT_FALSE(parse_charging_vector("icid-value="));
}

}  // namespace
}  // namespace tapdeck::sip
