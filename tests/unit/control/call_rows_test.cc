#include "control/call_rows.h"

#include <gtest/gtest.h>

#include "tests/support/sample_call.h"

namespace tapdeck::control {
namespace {

using tapdeck::testing::sample_call;

TEST(CallRows, TableShowsTheUsualColumnsUnderTitlesOnce) {
  RowRenderer renderer({.format = RowFormat::kTable, .fields = {}, .zone = "UTC"});
  const std::string first = renderer.render({sample_call()});
  for (const char* part : {"START",
                           "2023-11-14",
                           "0891234",
                           "00441632960123",
                           "answered",
                           "200",
                           "0:18",
                           "PCMA",
                           "recorded_with_gaps"}) {
    EXPECT_NE(first.find(part), std::string::npos) << part << " in\n" << first;
  }
  EXPECT_EQ(renderer.render({sample_call()}).find("START"), std::string::npos);
}

TEST(CallRows, ARecordingThatHasGoneIsShownAsSuch) {
  CallRecord call = sample_call();
  call.recording.lifecycle = RecordingLifecycle::kErased;
  RowRenderer renderer({.format = RowFormat::kTable, .fields = {}, .zone = "UTC"});
  const std::string text = renderer.render({call});
  EXPECT_NE(text.find("recorded_with_gaps, erased"), std::string::npos) << text;
}

TEST(CallRows, ACallWithoutPartiesStillHasARow) {
  CallRecord call = sample_call();
  call.parties.clear();
  call.media.clear();
  call.status_code.reset();
  call.talk_ms.reset();
  call.state = CallState::kInProgress;
  RowRenderer renderer({.format = RowFormat::kTable, .fields = {}, .zone = "UTC"});
  const std::string text = renderer.render({call});
  EXPECT_NE(text.find("in progress"), std::string::npos) << text;
  EXPECT_NE(text.find("441632960123"), std::string::npos) << "what was dialled stands for it";
}

TEST(CallRows, ChosenFieldsOfJsonAndCsv) {
  const auto fields = parse_fields("uid,caller.number,status_code,media.codec");
  ASSERT_TRUE(fields) << fields.error().message;
  RowRenderer json({.format = RowFormat::kJson, .fields = *fields, .zone = "UTC"});
  const Json row = Json::parse(json.render({sample_call()}));
  EXPECT_EQ(row.size(), 4U);
  EXPECT_EQ(row["caller.number"], "0891234");
  EXPECT_EQ(row["status_code"], 200);
  RowRenderer csv({.format = RowFormat::kCsv, .fields = *fields, .zone = "UTC"});
  const std::string lines = csv.render({sample_call()});
  EXPECT_EQ(lines.find("uid,caller.number,status_code,media.codec"), 0U) << lines;
  EXPECT_NE(lines.find("0891234,200,PCMA"), std::string::npos) << lines;
  EXPECT_EQ(csv.render({sample_call()}).find("uid,"), std::string::npos) << "titles once";
}

TEST(CallRows, UnknownFieldsAreNamed) {
  const auto fields = parse_fields("uid,colour");
  ASSERT_FALSE(fields);
  EXPECT_EQ(fields.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(fields.error().message.find("'colour'"), std::string::npos);
}

TEST(CallRows, DurationsAsPeopleWriteThem) {
  EXPECT_EQ(format_clock_duration(std::nullopt), "");
  EXPECT_EQ(format_clock_duration(0), "0:00");
  EXPECT_EQ(format_clock_duration(59'999), "0:59");
  EXPECT_EQ(format_clock_duration(3'599'000), "59:59");
  EXPECT_EQ(format_clock_duration(3'723'000), "1:02:03");
}

}  // namespace
}  // namespace tapdeck::control
