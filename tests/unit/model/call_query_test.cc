#include "model/call_query.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/sample_call.h"

namespace tapdeck {
namespace {

using testing::sample_call;

template <typename Value>
bool matches_with(Value CallQuery::*field, Value value) {
  CallQuery query;
  query.*field = value;
  return matches(query, sample_call());
}

TEST(SearchNumber, FormsOfOneNumberAreEqual) {
  for (const char* text : {"+49 (89) 1234",
                           "0049891234",
                           "tel:+49-89-1234",
                           "sip:+49891234@192.0.2.1;user=phone",
                           "<sip:+49891234;npdi@h>",
                           "SIPS:49891234@h",
                           "+49.89/1234"}) {
    EXPECT_EQ(search_number(text), "49891234") << text;
  }
}

TEST(SearchNumber, KeepsWhatIsNotAForm) {
  EXPECT_EQ(search_number("0891234"), "0891234");
  EXPECT_EQ(search_number("Alice"), "alice");
  EXPECT_EQ(search_number("*21#"), "*21#");
  EXPECT_EQ(search_number(std::string_view("12\0"
                                           "34",
                                           5)),
            "1234")
      << "no separator byte in keys";
  EXPECT_EQ(search_number("+"), "");
}

TEST(SearchableNumbers, HaveEveryNumberOnce) {
  const std::vector<std::string> numbers = searchable_numbers(sample_call());
  const std::vector<std::string> expected = {
      "0891234", "441632960123", "441632960999", "4420555", "4930555", "49891234"};
  EXPECT_EQ(numbers, expected);
}

TEST(Matches, NumberExactPrefixAndLocal) {
  const auto number = [](std::string text) {
    return matches_with(&CallQuery::number, std::move(text));
  };
  EXPECT_TRUE(number("+49 89 1234"));
  EXPECT_TRUE(number("089-1234"));
  EXPECT_TRUE(number("+4989*"));
  EXPECT_TRUE(number("+442055*")) << "transferred-to";
  EXPECT_FALSE(number("+4989"));
  EXPECT_FALSE(number("891234"));
  EXPECT_FALSE(number("+"));
}

TEST(Matches, EitherFormOfANumberMatches) {
  CallQuery query;
  query.callee = "01632-960123";
  EXPECT_FALSE(matches(query, sample_call()));
  query.callee_e164 = "+441632960123";
  EXPECT_TRUE(matches(query, sample_call()));
  query.callee = "01632*";
  query.callee_e164 = "+441633*";
  EXPECT_FALSE(matches(query, sample_call()));
  query.callee_e164 = "+441632*";
  EXPECT_TRUE(matches(query, sample_call()));
}

TEST(Matches, TheTrunkIsCompared) {
  EXPECT_TRUE(matches_with<std::string>(&CallQuery::trunk, "carrier"));
  EXPECT_FALSE(matches_with<std::string>(&CallQuery::trunk, "carrie"));
}

TEST(Matches, CallerAndCalleeAreTold) {
  EXPECT_TRUE(matches_with<std::string>(&CallQuery::caller, "0891234"));
  EXPECT_FALSE(matches_with<std::string>(&CallQuery::caller, "441632960123"));
  EXPECT_TRUE(matches_with<std::string>(&CallQuery::callee, "+441632*"));
  EXPECT_FALSE(matches_with<std::string>(&CallQuery::callee, "0891234"));
}

TEST(Matches, FromIsInclusiveToIsExclusive) {
  const std::int64_t start = *sample_call().start_us;
  CallQuery query;
  query.from_us = start;
  query.to_us = start + 1;
  EXPECT_TRUE(matches(query, sample_call()));
  query.from_us = start + 1;
  query.to_us = std::nullopt;
  EXPECT_FALSE(matches(query, sample_call()));
  query.from_us = std::nullopt;
  query.to_us = start;
  EXPECT_FALSE(matches(query, sample_call()));
}

TEST(Matches, OverlapTakesCallsThatBeganEarlier) {
  CallQuery query;
  query.overlap = true;
  query.from_us = *sample_call().ended_us;
  EXPECT_TRUE(matches(query, sample_call()));
  query.from_us = *sample_call().ended_us + 1;
  EXPECT_FALSE(matches(query, sample_call()));
  CallRecord open = sample_call();
  open.state = CallState::kInProgress;
  open.ended_us = std::nullopt;
  EXPECT_TRUE(matches(query, open));
}

TEST(Matches, MediaFilters) {
  EXPECT_TRUE(matches_with<std::string>(&CallQuery::codec, "pcma"));
  EXPECT_TRUE(matches_with<std::string>(&CallQuery::codec, "telephone-event"));
  EXPECT_FALSE(matches_with<std::string>(&CallQuery::codec, "pcm"));
  EXPECT_TRUE(matches_with(&CallQuery::max_mos, std::optional(4.25)));
  EXPECT_FALSE(matches_with(&CallQuery::max_mos, std::optional(4.24)));
  EXPECT_TRUE(matches_with(&CallQuery::ip, parse_ip("192.0.2.2")));
  EXPECT_TRUE(matches_with(&CallQuery::ip, parse_ip("2001:db8::2")));
  EXPECT_FALSE(matches_with(&CallQuery::ip, parse_ip("192.0.2.3")));
}

TEST(Matches, FactsOfTheCall) {
  EXPECT_TRUE(matches_with(&CallQuery::outcome, std::optional(CallOutcome::kAnswered)));
  EXPECT_FALSE(matches_with(&CallQuery::outcome, std::optional(CallOutcome::kBusy)));
  EXPECT_FALSE(matches_with(&CallQuery::direction, std::optional(CallDirection::kInbound)));
  EXPECT_TRUE(matches_with(&CallQuery::min_duration_ms, std::optional<std::int64_t>(18'000)));
  EXPECT_FALSE(matches_with(&CallQuery::min_duration_ms, std::optional<std::int64_t>(18'001)));
  EXPECT_FALSE(matches_with(&CallQuery::status_code, std::optional<std::uint16_t>(486)));
  EXPECT_FALSE(matches_with(&CallQuery::recording, std::optional(RecordingState::kRecorded)));
  EXPECT_FALSE(matches_with<std::string>(&CallQuery::call_id, "abc"));
  EXPECT_FALSE(matches_with<std::string>(&CallQuery::agent, "a1")) << "a fact the call lacks";
}

}  // namespace
}  // namespace tapdeck
