#include "pipelines/reports/assurance.h"

#include <gtest/gtest.h>

namespace tapdeck::reports {
namespace {

CallRecord call_of(const std::string& trunk,
                   RecordingState state,
                   std::vector<RecordingReason> reasons = {}) {
  CallRecord call;
  call.trunk = trunk;
  call.recording.state = state;
  call.recording.reasons = std::move(reasons);
  return call;
}

std::uint64_t in(const AssuranceCounts& counts, RecordingState state) {
  return counts.states[static_cast<std::size_t>(state)];
}

std::uint64_t because(const AssuranceCounts& counts, RecordingReason reason) {
  return counts.reasons[static_cast<std::size_t>(reason)];
}

TEST(Assurance, EachCallIsInOneGroupAndOneState) {
  Assurance assurance;
  assurance.add("2026-11-24", call_of("", RecordingState::kRecorded), true);
  assurance.add("2026-11-23", call_of("b", RecordingState::kRecorded), true);
  assurance.add("2026-11-23",
                call_of("a",
                        RecordingState::kRecordedWithGaps,
                        {RecordingReason::kLoss, RecordingReason::kPaused}),
                true);
  assurance.add("2026-11-23",
                call_of("a", RecordingState::kNotRecorded, {RecordingReason::kNotAnswered}),
                true);
  assurance.add("2026-11-23", call_of("a", RecordingState::kPending), true);
  const std::vector<AssuranceRow> rows = assurance.rows();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].day + *rows[0].trunk, "2026-11-23a");
  EXPECT_EQ(rows[1].trunk, "b");
  EXPECT_EQ(rows[2].trunk, "") << "a call without a trunk is not left out";
  EXPECT_EQ(rows[0].counts.calls, 3U);
  EXPECT_EQ(in(rows[0].counts, RecordingState::kRecorded), 0U);
  EXPECT_EQ(in(rows[0].counts, RecordingState::kRecordedWithGaps), 1U);
  EXPECT_EQ(in(rows[0].counts, RecordingState::kPending), 1U);
  EXPECT_EQ(because(rows[0].counts, RecordingReason::kPaused), 1U);
  EXPECT_EQ(assurance.total().calls, 5U);
  EXPECT_EQ(because(assurance.total(), RecordingReason::kNotAnswered), 1U);
  for (const AssuranceRow& row : rows) EXPECT_TRUE(row.counts.adds_up());
  EXPECT_TRUE(assurance.total().adds_up());
}

TEST(Assurance, AStateThatNobodyKnowsIsNotHidden) {
  Assurance assurance;
  assurance.add("", call_of("", static_cast<RecordingState>(9)), false);
  EXPECT_EQ(assurance.rows().at(0).trunk, std::nullopt);
  EXPECT_FALSE(assurance.total().adds_up());
}

}  // namespace
}  // namespace tapdeck::reports
