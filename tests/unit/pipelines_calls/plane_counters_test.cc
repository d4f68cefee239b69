#include "pipelines/calls/plane_counters.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

TEST(PlaneCounters, EachVerdictThatRejectsHasARowOfItsName) {
  for (int i = static_cast<int>(sip::ParseVerdict::kKeepAlive);
       i < static_cast<int>(sip::ParseVerdict::kCount);
       ++i) {
    const auto verdict = static_cast<sip::ParseVerdict>(i);
    EXPECT_EQ(kRejectReasonNames[static_cast<std::size_t>(reason_of(verdict))].name,
              sip::verdict_name(verdict));
  }
}

TEST(PlaneCounters, RepairsAreCountedByTheirBits) {
  PlaneCounters counters;
  counters.count_repairs(sip::kRepairBareLf | sip::kRepairDuplicateHeader);
  EXPECT_EQ(counters.repairs.value(RepairCount::kBareLf), 1U);
  EXPECT_EQ(counters.repairs.value(RepairCount::kDuplicateHeader), 1U);
  EXPECT_EQ(counters.repairs.value(RepairCount::kLengthBad), 0U);
}

TEST(PlaneCounters, DescriptionsThatAreTakenWholeAreNoTrouble) {
  EXPECT_FALSE(trouble_of(sip::SdpVerdict::kOk, false));
  EXPECT_FALSE(trouble_of(sip::SdpVerdict::kNoMedia, false));
  EXPECT_FALSE(trouble_of(sip::SdpPlace::kDirect));
  EXPECT_EQ(trouble_of(sip::SdpVerdict::kOk, true), SdpTrouble::kCut);
  EXPECT_EQ(trouble_of(sip::SdpVerdict::kRepaired, true), SdpTrouble::kCut);
  EXPECT_EQ(trouble_of(sip::SdpVerdict::kRepaired, false), SdpTrouble::kRepaired);
  EXPECT_EQ(trouble_of(sip::SdpPlace::kBroken), SdpTrouble::kBroken);
}

std::uint64_t count_of(const std::vector<NamedCount>& counts, std::string_view name) {
  for (const auto& [row, count] : counts) {
    if (row == name) return count;
  }
  return UINT64_MAX;
}

TEST(PlaneCounters, TheCallPlaneTellsAllRows) {
  Scenario play;
  play.from_caller(0, {.sdp = "nonsense"});
  play.pass_bytes(1, "INVITE sip:x SIP/2.0\n\n");
  const CallPlaneFigures figures = play.plane->figures();
  EXPECT_EQ(count_of(figures.sdp, "not_sdp"), 1U);
  EXPECT_EQ(
      count_of(figures.rejected, "no_headers") + count_of(figures.rejected, "missing_call_id"), 1U);
  EXPECT_EQ(count_of(figures.repaired, "bare_lf"), 0U) << "of what was taken only";
  EXPECT_EQ(count_of(figures.assembly, "tcp_gap"), 0U);
}

}  // namespace
}  // namespace tapdeck::calls
