#include "config/zone_table.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::config {
namespace {

std::int64_t utc_s(std::string_view text) { return *parse_rfc3339_us(text) / kUsPerSecond; }

TEST(ZoneTable, KnowsWhenClocksChange) {
  const auto berlin = ZoneTable::create("Europe/Berlin");
  ASSERT_TRUE(berlin);
  EXPECT_EQ(berlin->offset_s(utc_s("2026-03-29T00:59:59Z")), 3'600);
  EXPECT_EQ(berlin->offset_s(utc_s("2026-03-29T01:00:00Z")), 7'200);
  EXPECT_EQ(berlin->offset_s(utc_s("2026-10-25T00:59:59Z")), 7'200);
  EXPECT_EQ(berlin->offset_s(utc_s("2026-10-25T01:00:00Z")), 3'600);
  EXPECT_EQ(berlin->offset_s(-1'000'000'000'000), 3'600);
  EXPECT_EQ(ZoneTable::create("UTC")->offset_s(utc_s("2026-07-01T00:00:00Z")), 0);
}

TEST(ZoneTable, FindsTheInstantOfALocalTime) {
  const auto berlin = ZoneTable::create("Europe/Berlin");
  ASSERT_TRUE(berlin);
  const auto local = [&](std::string_view text) { return berlin->to_utc_s(utc_s(text)); };
  EXPECT_EQ(local("2026-07-01T00:00:00Z"), utc_s("2026-06-30T22:00:00Z"));
  EXPECT_EQ(local("2026-03-29T02:30:00Z"), utc_s("2026-03-29T01:00:00Z"));  // leapt over
  EXPECT_EQ(local("2026-10-25T02:30:00Z"), utc_s("2026-10-25T00:30:00Z"));  // comes twice
  const auto sao_paulo = ZoneTable::create("America/Sao_Paulo");  // midnight was leapt over
  EXPECT_EQ(sao_paulo->to_utc_s(utc_s("2018-11-04T00:00:00Z")), utc_s("2018-11-04T03:00:00Z"));
}

TEST(ZoneTable, RefusesWhatIsNoZone) {
  for (const char* name : {"", "Europe/Berlm", "../../etc/passwd"}) {
    const auto table = ZoneTable::create(name);
    ASSERT_FALSE(table) << name;
    EXPECT_EQ(table.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tapdeck::config
