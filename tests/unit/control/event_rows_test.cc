#include "control/event_rows.h"

#include <gtest/gtest.h>

#include "tests/support/sample_event.h"

namespace tapdeck::control {
namespace {

TEST(EventTable, HasALineForEachAndTitlesOnce) {
  EventRecord event = tapdeck::testing::sample_event();
  event.user_agent = "Phone\x1b[2J";
  EventTable table("UTC");
  const std::string first = table.render({event});
  EXPECT_TRUE(first.starts_with("TIME"));
  EXPECT_NE(first.find("REGISTER"), std::string::npos);
  EXPECT_NE(first.find("401"), std::string::npos);
  EXPECT_EQ(first.find('\x1b'), std::string::npos)
      << "what the wire says does not steer a terminal";
  event.from.number.clear();
  const std::string second = table.render({event});
  EXPECT_EQ(second.find("TIME"), std::string::npos);
  EXPECT_NE(second.find("sip:1001@example.org"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::control
