#include "pipelines/calls/claims_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

constexpr const char* kA = "ab30317f1a784dc48ff824d0d3715d86";
constexpr const char* kB = "47755a9de7794ba387653f2099600ef2";

std::string session(const std::string& local, const std::string& remote) {
  return "Session-ID: " + local + ";remote=" + remote + "\r\n";
}

TEST(ClaimsRules, EachClaimIsKeptOnceWithItsRawForm) {
  Scenario scenario;
  const std::string headers = "P-Asserted-Identity: \"A\" <sip:+49711100@x>\r\n";
  scenario.from_caller(0, {.headers = headers, .sdp = sdp({{}})});
  scenario.pass(0.01, {.branch = "z9hG4bK2", .headers = headers}, "10.1.0.2", "10.1.0.3");
  scenario.from_callee(
      1, {.status = 200, .to_tag = "bob", .headers = headers, .sdp = sdp({callee_line()})});
  scenario.from_caller(
      2, {.method = "BYE", .cseq = 2, .to_tag = "bob", .headers = "Reason: Q.850;cause=16\r\n"});
  scenario.finish(3);
  const CallRecord call = scenario.final_record();
  ASSERT_TRUE(call.claims);
  ASSERT_EQ(call.claims->identities.size(), 2U) << "one of each side, whatever hops they passed";
  EXPECT_EQ(call.claims->identities[0].party, kCallerParty);
  EXPECT_EQ(call.claims->identities[1].party, kFirstCalleeParty);
  EXPECT_EQ(call.claims->identities[0].raw, "\"A\" <sip:+49711100@x>");
  EXPECT_EQ(call.claims->identities[0].e164, "+49711100");
  ASSERT_EQ(call.claims->reasons.size(), 1U);
  EXPECT_EQ(call.claims->reasons[0].of, "BYE");
  EXPECT_EQ(call.claims->reasons[0].cause, 16);
}

TEST(ClaimsRules, TheRemoteHalfMayComeLater) {
  Scenario scenario;
  const std::string nil(32, '0');
  scenario.from_caller(0, {.headers = session(kA, nil), .sdp = sdp({{}})});
  scenario.from_callee(
      1, {.status = 200, .to_tag = "bob", .headers = session(kB, kA), .sdp = sdp({callee_line()})});
  scenario.finish(3);
  const CallRecord call = scenario.final_record();
  ASSERT_TRUE(call.claims);
  EXPECT_EQ(call.claims->session_local, kA);
  EXPECT_EQ(call.claims->session_remote, kB);
  EXPECT_EQ(call.claims->session_raw, std::string(kA) + ";remote=" + nil);
}

TEST(ClaimsRules, NetworksAreFilledInByTheResponse) {
  Scenario scenario;
  scenario.from_caller(
      0, {.headers = "P-Charging-Vector: icid-value=7;orig-ioi=a.example\r\n", .sdp = sdp({{}})});
  scenario.from_callee(1,
                       {.status = 486,
                        .to_tag = "bob",
                        .headers = "P-Charging-Vector: icid-value=7;term-ioi=b.example\r\n"});
  scenario.finish(3);
  const CallRecord call = scenario.final_record();
  ASSERT_TRUE(call.claims);
  EXPECT_EQ(call.claims->icid, "7");
  EXPECT_EQ(call.claims->orig_ioi, "a.example");
  EXPECT_EQ(call.claims->term_ioi, "b.example");
}

TEST(ClaimsRules, IsBounded) {
  Scenario scenario;
  for (int i = 0; i < 60; ++i) {
    scenario.from_caller(0.1 * i,
                         {.cseq = i + 1,
                          .branch = "z9hG4bK" + std::to_string(i),
                          .headers = "P-Asserted-Identity: <sip:" + std::to_string(i) + "@x>\r\n"});
  }
  scenario.finish(10);
  const CallRecord call = scenario.final_record();
  EXPECT_EQ(call.claims->identities.size(), kIdentitiesMax);
  EXPECT_EQ(call.claims->left_out, 60 - kIdentitiesMax);
}

TEST(ClaimsRules, WithoutClaimsThereIsNothing) {
  Scenario scenario;
  scenario.establish();
  scenario.finish(5);
  EXPECT_EQ(scenario.final_record().claims, nullptr);
  EXPECT_TRUE(scenario.final_record().conversation_id.empty());
}

}  // namespace
}  // namespace tapdeck::calls
