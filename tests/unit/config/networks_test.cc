#include "config/networks.h"

#include <gtest/gtest.h>

#include "config/regions.h"

namespace tapdeck::config {
namespace {

TEST(ParseNetwork, TakesAddressesAndPrefixes) {
  struct Row {
    const char* text;
    int bits;
    std::uint8_t first;
    std::uint8_t last;
  };

  for (const Row& row : {Row{"192.0.2.0/24", 120, 0, 0},
                         Row{"192.0.2.7", 128, 0, 7},
                         Row{"192.0.2.8/29", 125, 0, 8},
                         Row{"0.0.0.0/0", 96, 0, 0},
                         Row{"2001:db8::/32", 32, 0x20, 0},
                         Row{"2001:db8::9", 128, 0x20, 9},
                         Row{"::/0", 0, 0, 0},
                         Row{"::ffff:192.0.2.7/128", 128, 0, 7}}) {
    const auto network = parse_network(row.text);
    ASSERT_TRUE(network) << row.text;
    EXPECT_EQ(network->prefix_bits, row.bits) << row.text;
    EXPECT_EQ(network->address.front(), row.first) << row.text;
    EXPECT_EQ(network->address.back(), row.last) << row.text;
  }
}

TEST(ParseNetwork, RefusesTheRest) {
  for (const char* text : {"",
                           "192.0.2.0/33",
                           "192.0.2.1/24",
                           "192.0.2/24",
                           "192.0.2.0/",
                           "192.0.2.0/x",
                           "192.0.2.0/24 ",
                           "192.0.2.0/-1",
                           "192.0.2.0/256",
                           "2001:db8::/129",
                           "2001:db8::1/64",
                           "[2001:db8::]/32",
                           "example.com"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(IsRegion, KnowsWholeCodesOnly) {
  for (const char* code : {"AC", "DE", "US", "ZW"}) EXPECT_TRUE(is_region(code)) << code;
  for (const char* code : {"", "D", "de", "XX", "C ", "EA", "DEU"}) {
    EXPECT_FALSE(is_region(code)) << code;
  }
}

}  // namespace
}  // namespace tapdeck::config
