#include "control/assurance_rows.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

reports::Assurance two_calls() {
  reports::Assurance assurance;
  CallRecord call;
  call.trunk = "Trunk, \"A\"";
  call.recording.state = RecordingState::kRecordedWithGaps;
  call.recording.reasons = {RecordingReason::kLateStart, RecordingReason::kLoss};
  assurance.add("2026-11-23", call, true);
  call.trunk = "";
  call.recording.state = RecordingState::kPending;
  call.recording.reasons = {};
  assurance.add("2026-11-24", call, true);
  return assurance;
}

TEST(AssuranceRows, JsonHasNullsWhereThereIsNoGroup) {
  EXPECT_EQ(render_assurance(two_calls(), RowFormat::kJson),
            R"({"sum":false,"day":"2026-11-23","trunk":"Trunk, \"A\"","calls":1,"recorded":0,)"
            R"("recorded_with_gaps":1,"not_recorded":0,"in_progress":0,)"
            R"("reasons":{"late_start":1,"loss":1},"adds_up":true})"
            "\n"
            R"({"sum":false,"day":"2026-11-24","trunk":null,"calls":1,"recorded":0,)"
            R"("recorded_with_gaps":0,"not_recorded":0,"in_progress":1,)"
            R"("reasons":{},"adds_up":true})"
            "\n"
            R"({"sum":true,"day":null,"trunk":null,"calls":2,"recorded":0,)"
            R"("recorded_with_gaps":1,"not_recorded":0,"in_progress":1,)"
            R"("reasons":{"late_start":1,"loss":1},"adds_up":true})"
            "\n");
}

TEST(AssuranceRows, CsvAndTableEndInTheSum) {
  const std::string csv = render_assurance(two_calls(), RowFormat::kCsv);
  EXPECT_EQ(csv.find("day,trunk,calls,recorded,recorded_with_gaps,not_recorded,in_progress,"), 0U);
  EXPECT_NE(csv.find("2026-11-23,\"Trunk, \"\"A\"\"\",1,0,1,0,0,\"late_start 1, loss 1\",yes\r\n"),
            std::string::npos)
      << csv;
  EXPECT_NE(csv.find("\r\nall,,2,0,1,0,1,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\r\n2026-11-24,(none),1,"), std::string::npos) << csv;
  const std::string table = render_assurance(two_calls(), RowFormat::kTable);
  EXPECT_EQ(table.find("DAY "), 0U) << table;
  EXPECT_NE(table.find("\nall "), std::string::npos) << table;
}

TEST(AssuranceRows, ASumThatDoesNotAddUpSaysSo) {
  reports::Assurance assurance;
  CallRecord call;
  call.recording.state = static_cast<RecordingState>(9);
  assurance.add("", call, false);
  EXPECT_NE(render_assurance(assurance, RowFormat::kTable).find("NO"), std::string::npos);
  EXPECT_NE(render_assurance(assurance, RowFormat::kJson).find("\"adds_up\":false"),
            std::string::npos);
}

TEST(AssuranceRows, GroupsAreNamed) {
  EXPECT_FALSE(parse_assurance_grouping("day")->by_trunk);
  EXPECT_FALSE(parse_assurance_grouping("trunk")->by_day);
  EXPECT_TRUE(parse_assurance_grouping("trunk,day")->by_day);
  EXPECT_EQ(parse_assurance_grouping("week").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace tapdeck::control
