#include "base/clock.h"

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(Rfc3339, WritesSixDigitsInUtc) {
  EXPECT_EQ(format_rfc3339_us(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_rfc3339_us(1'700'000'000'123'456), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(format_rfc3339_us(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_rfc3339_us("2023-11-14T22:13:20.123456Z"), 1'700'000'000'123'456);
  EXPECT_EQ(parse_rfc3339_us("2023-11-15T00:13:20.1234569+02:00"), 1'700'000'000'123'456);
  EXPECT_EQ(parse_rfc3339_us("2023-11-14 17:13:20-05:00"), 1'700'000'000'000'000);
  EXPECT_EQ(parse_rfc3339_us("2024-02-29T00:00:00Z"), 1'709'164'800'000'000);
}

TEST(Rfc3339, RefusesWhatIsNotATime) {
  for (const char* text : {"",
                           "2023-11-14",
                           "2023-11-14T22:13:20",
                           "2023-02-29T00:00:00Z",
                           "2023-13-01T00:00:00Z",
                           "2023-11-14T24:00:00Z",
                           "2023-11-14T22:13:20.Z",
                           "2023-11-14T22:13:20+2:00",
                           "2023-11-14T22:13:20Zx",
                           "+023-11-14T22:13:20Z"}) {
    EXPECT_FALSE(parse_rfc3339_us(text)) << text;
  }
}

TEST(UtcDay, FloorsBeforeTheEpochToo) {
  EXPECT_EQ(utc_day(0), 0);
  EXPECT_EQ(utc_day(kUsPerDay - 1), 0);
  EXPECT_EQ(utc_day(-1), -1);
  EXPECT_EQ(utc_day(-kUsPerDay), -1);
  EXPECT_EQ(format_utc_day(utc_day(1'700'000'000'000'000)), "20231114");
}

}  // namespace
}  // namespace tapdeck
