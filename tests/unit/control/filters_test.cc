#include "control/filters.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::control {
namespace {

ErrorCode code_of(const FilterWords& words) {
  const auto query = parse_filters(words, "UTC");
  return query ? ErrorCode::kCancelled : query.error().code;
}

TEST(Filters, NothingGivenFiltersNothing) {
  const auto query = parse_filters({}, "UTC");
  ASSERT_TRUE(query);
  EXPECT_TRUE(matches(*query, CallRecord{}));
}

TEST(Filters, LocalFormsAreLookedForInE164Too) {
  FilterWords words{.number = "030/12 34 56", .caller = "101", .callee = "089*"};
  const auto query = parse_filters(words, "UTC", "DE");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->number, "030/12 34 56");
  EXPECT_EQ(query->number_e164, "+4930123456");
  EXPECT_EQ(query->caller_e164, "") << "an extension";
  EXPECT_EQ(query->callee_e164, "+4989*");
  const auto global = parse_filters({.number = "+49 30 123456", .caller = "0049*"}, "UTC", "DE");
  ASSERT_TRUE(global);
  EXPECT_EQ(global->number_e164, "") << "it is one already";
  const auto nowhere = parse_filters(words, "UTC", "");
  ASSERT_TRUE(nowhere);
  EXPECT_EQ(nowhere->number_e164 + nowhere->callee_e164, "");
}

TEST(Filters, EveryWordReachesItsField) {
  FilterWords words{.number = "+4989*",
                    .caller = "1",
                    .callee = "2",
                    .from = "2026-11-23T10:00:00+01:00",
                    .to = "2026-11-23",
                    .overlap = true,
                    .call_id = "id",
                    .uid = "01KASJ4Q3R8ZC5W1T9M2XVB7NE",
                    .conversation = "c",
                    .outcome = "no_answer",
                    .direction = "transit",
                    .agent = "a",
                    .client = "b",
                    .marketing_channel = "m",
                    .trunk = "t",
                    .tag = "g",
                    .ip = "2001:db8::1",
                    .codec = "pcma",
                    .status_code = "486",
                    .min_duration = "1m30s",
                    .max_mos = "3.5",
                    .recording = "not_recorded"};
  const auto query = parse_filters(words, "Europe/Berlin");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->number, "+4989*");
  EXPECT_EQ(query->caller, "1");
  EXPECT_EQ(query->callee, "2");
  EXPECT_EQ(format_rfc3339_us(*query->from_us), "2026-11-23T09:00:00.000000Z");
  EXPECT_EQ(format_rfc3339_us(*query->to_us), "2026-11-23T23:00:00.000000Z");  // the whole day
  EXPECT_TRUE(query->overlap);
  EXPECT_EQ(query->call_id, "id");
  EXPECT_EQ(to_string(*query->uid), words.uid);
  EXPECT_EQ(query->conversation_id, "c");
  EXPECT_EQ(query->outcome, CallOutcome::kNoAnswer);
  EXPECT_EQ(query->direction, CallDirection::kTransit);
  EXPECT_EQ(query->agent, "a");
  EXPECT_EQ(query->client, "b");
  EXPECT_EQ(query->marketing_channel, "m");
  EXPECT_EQ(query->trunk, "t");
  EXPECT_EQ(query->tag, "g");
  EXPECT_EQ(to_string(*query->ip), "2001:db8::1");
  EXPECT_EQ(query->codec, "pcma");
  EXPECT_EQ(query->status_code, 486);
  EXPECT_EQ(query->min_duration_ms, 90'000);
  EXPECT_EQ(query->max_mos, 3.5);
  EXPECT_EQ(query->recording, RecordingState::kNotRecorded);
}

TEST(Filters, RefusesWhatItCannotMean) {
  const std::vector<FilterWords> wrong = {
      {.number = "+49*1"},
      {.number = "**"},
      {.from = "yesterday"},
      {.from = "2026-11-23 10:00"},
      {.to = "2026-02-30"},
      {.from = "2026-11-24", .to = "2026-11-22"},
      {.uid = "short"},
      {.outcome = "Answered"},
      {.direction = "in"},
      {.ip = "192.0.2"},
      {.status_code = "99"},
      {.status_code = "4xx"},
      {.min_duration = "long"},
      {.min_duration = "-5s"},
      {.max_mos = "nan"},
      {.max_mos = "6"},
      {.recording = "yes"},
      {.call_id = std::string(2'000, 'x')},
  };
  for (const FilterWords& words : wrong) {
    EXPECT_EQ(code_of(words), ErrorCode::kInvalidArgument) << &words - wrong.data();
  }
}

TEST(Filters, NamesTheOptionAndTheChoices) {
  const auto query = parse_filters({.outcome = "maybe"}, "UTC");
  ASSERT_FALSE(query);
  EXPECT_NE(query.error().message.find("--outcome: 'maybe'"), std::string::npos);
  EXPECT_NE(query.error().message.find("no_answer"), std::string::npos);
}

TEST(Filters, SameDayFromAndToIsThatDay) {
  const auto query = parse_filters({.from = "2026-03-29", .to = "2026-03-29"}, "Europe/Berlin");
  ASSERT_TRUE(query);
  EXPECT_EQ(*query->to_us - *query->from_us, 23 * 3'600 * kUsPerSecond);  // clocks go forward
}

TEST(Filters, ReadsDurations) {
  EXPECT_EQ(parse_duration_ms("90"), 90'000);
  EXPECT_EQ(parse_duration_ms("1.5"), 1'500);
  EXPECT_EQ(parse_duration_ms("1500ms"), 1'500);
  EXPECT_EQ(parse_duration_ms("1h30m"), 5'400'000);
  EXPECT_EQ(parse_duration_ms("0"), 0);
  for (const char* wrong : {"", "s", "5x", "1e9", "99999999999999999", "inf", "5 m"}) {
    EXPECT_EQ(parse_duration_ms(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace tapdeck::control
