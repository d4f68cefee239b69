#include "control/event_json.h"

#include <gtest/gtest.h>

#include "tests/support/sample_event.h"

namespace tapdeck::control {
namespace {

TEST(EventJson, ShowsEveryFact) {
  const Json json = event_to_json(tapdeck::testing::sample_event());
  EXPECT_EQ(json["method"], "REGISTER");
  EXPECT_EQ(json["time"], "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(json["from"]["name"], "Alice \"A\"");
  EXPECT_EQ(json["to"]["e164"], nullptr);
  EXPECT_EQ(json["src"], "10.0.0.1:5060");
  EXPECT_EQ(json["dst"], "[2001:db8::1]:5061");
  EXPECT_EQ(json["status_code"], 401);
  EXPECT_EQ(json["response_ms"], 76);
  EXPECT_EQ(json["expires_s"], 3'600);
  EXPECT_EQ(json["transport"], "tcp");
  for (const auto& [name, value] : json.items()) EXPECT_FALSE(value.is_null()) << name;
}

TEST(EventJson, AbsentFactsAreNull) {
  const Json json = event_to_json(EventRecord{});
  for (const char* name : {"status_code",
                           "reason",
                           "answered",
                           "response_ms",
                           "user_agent",
                           "contact",
                           "expires_s",
                           "vlan",
                           "kept_until"}) {
    EXPECT_TRUE(json.at(name).is_null()) << name;
  }
}

}  // namespace
}  // namespace tapdeck::control
