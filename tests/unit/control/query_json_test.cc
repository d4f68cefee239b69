#include "control/query_json.h"

#include <gtest/gtest.h>

#include "model/ledger_content.h"

namespace tapdeck::control {
namespace {

TEST(QueryJson, ShowsWhatIsSetAlone) {
  EXPECT_EQ(json_line(query_to_json({})), "{}");
  CallQuery query;
  query.number = "+49*";
  query.from_us = 1'700'000'000'000'000;
  query.outcome = CallOutcome::kBusy;
  query.max_mos = 3.5;
  EXPECT_EQ(
      json_line(query_to_json(query)),
      R"({"number":"+49*","from":"2023-11-14T22:13:20.000000Z","outcome":"busy","max_mos":3.5})");
  EXPECT_EQ(query_to_text(query),
            "number=+49* from=2023-11-14T22:13:20.000000Z outcome=busy max_mos=3.5");
}

TEST(QueryJson, KnowsWhenThereIsNoFilter) {
  CallQuery query;
  query.limit = 5;
  query.cursor = "x";
  query.overlap = true;
  EXPECT_FALSE(has_filters(query));
  query.tag = "vip";
  EXPECT_TRUE(has_filters(query));
  query = {};
  query.recording = RecordingState::kPending;
  EXPECT_TRUE(has_filters(query));
}

TEST(QueryJson, ATextFitsTheJournal) {
  CallQuery query;
  for (std::string* word :
       {&query.number, &query.caller, &query.callee, &query.agent, &query.tag}) {
    *word = std::string(1'024, '7');
  }
  EXPECT_EQ(query_to_text(query).size(), kLedgerTextBytesMax);
}

}  // namespace
}  // namespace tapdeck::control
