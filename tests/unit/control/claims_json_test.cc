#include "control/claims_json.h"

#include <gtest/gtest.h>

#include "tests/support/sample_call.h"

namespace tapdeck::control {
namespace {

CallRecord claiming_call() {
  CallRecord call = tapdeck::testing::sample_call();
  CallClaims claims;
  claims.identities.resize(1);
  claims.identities[0].source = IdentitySource::kDiversion;
  claims.identities[0].reason = "no-answer";
  claims.identities[0].raw = "<sip:x@y>;reason=no-answer";
  claims.passports.resize(2);
  claims.passports[0].attestation = "C";
  claims.passports[0].ppt = "other";
  claims.passports[1].attestation = "A";
  claims.passports[1].ppt = "shaken";
  claims.passports[1].issued_us = 1'443'208'345'000'000;
  claims.session_raw = claims.session_local = "a";
  claims.left_out = 2;
  call.claims = std::make_shared<const CallClaims>(std::move(claims));
  call.edges.resize(2);
  call.edges[0].number = call.transferred->to;
  call.edges[0].uid = tapdeck::testing::sample_uid(1'000);
  call.edges[0].outcome = EdgeOutcome::kFailed;
  call.edges[0].status_code = 486;
  call.edges[1].kind = EdgeKind::kReplacedBy;
  call.edges[1].call_id = "x";
  return call;
}

TEST(ClaimsJson, WhatIsClaimedIsMarkedUnverified) {
  const Json json = call_to_json(claiming_call());
  EXPECT_EQ(json["attestation"], "A") << "of SHAKEN, whatever others say";
  EXPECT_EQ(json["passports"][1]["verified"], false);
  EXPECT_EQ(json["passports"][1]["iat"], "2015-09-25T19:12:25.000000Z");
  EXPECT_EQ(json["identities"][0]["source"], "diversion");
  EXPECT_EQ(json["identities"][0]["number"], nullptr);
  EXPECT_EQ(json["session_id"]["local"], "a");
  EXPECT_EQ(json["session_id"]["remote"], nullptr);
  EXPECT_EQ(json["charging_vector"], nullptr);
  EXPECT_EQ(json["claims_left_out"], 2);
}

TEST(ClaimsJson, EdgesAndTheTransferThatTheyTellOf) {
  const Json json = call_to_json(claiming_call());
  EXPECT_EQ(json["transferred"]["outcome"], "failed");
  EXPECT_EQ(json["transferred"]["status_code"], 486);
  EXPECT_EQ(json["transferred"]["call"], to_string(tapdeck::testing::sample_uid(1'000)));
  EXPECT_EQ(json["replaces"], nullptr);
  EXPECT_EQ(json["replaced_by"]["call_id"], "x");
  EXPECT_EQ(json["edges"].size(), 2U);
}

TEST(ClaimsJson, NestedNamesAreFields) {
  for (const char* name : {"session_id.local",
                           "passports.attestation",
                           "edges.kind",
                           "replaced_by.call",
                           "headers.value",
                           "parties.sdp.origin",
                           "charging_vector.icid",
                           "transferred.outcome"}) {
    EXPECT_TRUE(is_field_name(name)) << name;
  }
  EXPECT_FALSE(is_field_name("session_id.nonsense"));
}

}  // namespace
}  // namespace tapdeck::control
