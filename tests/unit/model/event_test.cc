#include "model/event.h"

#include <gtest/gtest.h>

#include "tests/support/sample_event.h"

namespace tapdeck {
namespace {

TEST(Event, MethodsHaveNames) {
  for (std::size_t i = 0; i < kEventMethods; ++i) {
    const auto method = static_cast<EventMethod>(i);
    EXPECT_EQ(parse_event_method(event_method_name(method)), method);
  }
  EXPECT_EQ(parse_event_method("options"), EventMethod::kOptions);
  EXPECT_FALSE(parse_event_method("INVITE"));
  EXPECT_FALSE(parse_event_method("OPTION"));
  EXPECT_FALSE(parse_event_method(""));
}

TEST(Event, EachFilterHoldsOrNot) {
  const EventRecord event = testing::sample_event();
  const auto found = [&](auto&& set) {
    EventQuery query;
    set(query);
    return matches(query, event);
  };
  EXPECT_TRUE(found([](EventQuery&) {}));
  EXPECT_TRUE(found([](EventQuery& query) { query.number = "10*"; }));
  EXPECT_TRUE(found([](EventQuery& query) { query.number = "+49711001"; }));
  EXPECT_FALSE(found([](EventQuery& query) { query.number = "100"; }));
  EXPECT_TRUE(found([](EventQuery& query) { query.ip = parse_ip("10.0.0.1"); }));
  EXPECT_TRUE(found([](EventQuery& query) { query.ip = parse_ip("2001:db8::1"); }));
  EXPECT_FALSE(found([](EventQuery& query) { query.ip = parse_ip("10.0.0.2"); }));
  EXPECT_TRUE(found([](EventQuery& query) { query.method = EventMethod::kRegister; }));
  EXPECT_FALSE(found([](EventQuery& query) { query.method = EventMethod::kMessage; }));
  EXPECT_TRUE(found([](EventQuery& query) { query.status_code = 401; }));
  EXPECT_FALSE(found([](EventQuery& query) { query.status_code = 200; }));
  EXPECT_TRUE(found([&](EventQuery& query) { query.from_us = event.time_us; }));
  EXPECT_FALSE(found([&](EventQuery& query) { query.to_us = event.time_us; }));
}

TEST(Event, ItsNumbersAreThoseOfBothEndsOnce) {
  EXPECT_EQ(searchable_numbers(testing::sample_event()),
            (std::vector<std::string>{"1001", "49711001"}));
}

}  // namespace
}  // namespace tapdeck
