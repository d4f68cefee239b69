#include "control/event_filters.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

TEST(EventFilters, WordsBecomeAQuery) {
  EventWords words;
  words.number = "0711*";
  words.from = "2023-11-14";
  words.to = "2023-11-14";
  words.ip = "2001:db8::1";
  words.method = "register";
  words.status_code = "401";
  const auto query = parse_event_filters(words, "UTC", "DE");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->number_e164, "+49711*");
  EXPECT_EQ(*query->to_us - *query->from_us, 86'400'000'000);
  EXPECT_EQ(query->ip, parse_ip("2001:db8::1"));
  EXPECT_EQ(query->method, EventMethod::kRegister);
  EXPECT_EQ(query->status_code, 401);
}

TEST(EventFilters, NamesTheWordThatIsWrong) {
  for (const auto& [set, name] : {std::pair{&EventWords::method, "--method"},
                                  std::pair{&EventWords::ip, "--ip"},
                                  std::pair{&EventWords::from, "--from"},
                                  std::pair{&EventWords::status_code, "--status"}}) {
    EventWords words;
    words.*set = "INVITE";
    const auto query = parse_event_filters(words, "UTC");
    ASSERT_FALSE(query);
    EXPECT_NE(query.error().message.find(name), std::string::npos) << query.error().message;
  }
}

}  // namespace
}  // namespace tapdeck::control
