#include "control/retention_json.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

using namespace retention;

const Uid kCall = make_uid(1'700'000'000'000, {1});

TEST(RetentionJson, NamesCallsAndCountsAll) {
  HoldAnswer answer;
  answer.sequence = 17;
  answer.held = {2'500, {kCall}};
  answer.gone = {1, {kCall}};
  const Json json = answer_to_json(answer);
  EXPECT_EQ(field_of(json, "held.count"), Json(2'500));
  EXPECT_EQ(field_of(json, "held.uids")[0], Json(to_string(kCall)));
  EXPECT_EQ(field_of(json, "gone.count"), Json(1));
  EXPECT_EQ(field_of(json, "not_recorded.count"), Json(0));
  EXPECT_EQ(json_line(answer_to_json(ReleaseAnswer{3, 2, 1})),
            R"({"sequence":3,"released":2,"still_held":1})");
}

TEST(RetentionJson, AHoldSaysWhoAndWhy) {
  CallQuery future;
  future.tag = "vip";
  const HoldOrderRow order{17, 1'700'000'000'000'000, "anna", "counsel", future};
  EXPECT_EQ(json_line(answer_to_json(std::vector<HoldRow>{{"2026-17", 3, {order}}})),
            R"({"holds":[{"matter":"2026-17","held":3,"orders":[{"sequence":17,)"
            R"("time":"2023-11-14T22:13:20.000000Z","who":"anna","reason":"counsel",)"
            R"("future":{"tag":"vip"}}]}]})");
}

TEST(RetentionJson, APlanSaysWhatGoesAndWhatIsHeld) {
  PlanRow row{kCall, 5, "default", "", kPartMedia | kPartSip, 9, 1'000, Fate::kHeld, {"2026-17"}};
  const Json json = answer_to_json(PlanAnswer{{row}, 0, 0, 1, 1'000});
  const Json shown = field_of(json, "rows")[0];
  EXPECT_EQ(field_of(shown, "fate"), Json("held"));
  EXPECT_EQ(json_line(field_of(shown, "parts")), R"(["media","sip"])");
  EXPECT_EQ(json_line(field_of(shown, "legal_holds")), R"(["2026-17"])");
  EXPECT_TRUE(field_of(shown, "basis").is_null());
  EXPECT_EQ(field_of(json, "bytes_held"), Json(1'000));
  EXPECT_EQ(field_of(answer_to_json(ApplyAnswer{4, 1, 2, 3, 5}), "segments_removed"), Json(2));
  EXPECT_EQ(field_of(answer_to_json(ExtendAnswer{}), "refused.count"), Json(0));
}

TEST(RetentionJson, AnErasureHasItsCertificate) {
  EraseAnswer answer;
  answer.calls.push_back({kCall, 5, "", {}, false, "default", std::nullopt, 2, 1'000, {"100"}});
  answer.going = 1;
  EXPECT_TRUE(field_of(answer_to_json(answer), "certificate").is_null());
  EXPECT_TRUE(field_of(answer_to_json(answer), "last_backup").is_null());
  answer.certificate = R"({"erased":["x"]})";
  const Json json = answer_to_json(answer);
  EXPECT_EQ(json_line(field_of(json, "certificate")), answer.certificate);
  EXPECT_EQ(field_of(field_of(json, "calls")[0], "exports"), Json(2));
  EXPECT_EQ(json_line(field_of(field_of(json, "calls")[0], "parties")), R"(["100"])");
}

TEST(RetentionJson, AJournalThatIsTooLongGoesOnInTheNextAnswer) {
  JournalAnswer answer;
  for (std::uint64_t sequence = 10; sequence < 20; ++sequence) {
    answer.rows.push_back({sequence, 5, "release", std::nullopt, "00ff", std::nullopt});
  }
  answer.next_sequence = 20;
  const Json whole = answer_to_json(answer, 1U << 20);
  EXPECT_EQ(field_of(whole, "rows").size(), 10U);
  EXPECT_EQ(field_of(whole, "next_sequence"), Json(20));
  EXPECT_EQ(field_of(whole, "more"), Json(false));
  EXPECT_TRUE(field_of(field_of(whole, "rows")[0], "content").is_null());
  const Json cut = answer_to_json(answer, 300);
  EXPECT_EQ(field_of(cut, "rows").size(), 2U);
  EXPECT_EQ(field_of(cut, "next_sequence"), Json(12));
  EXPECT_EQ(field_of(cut, "more"), Json(true));
  EXPECT_EQ(field_of(answer_to_json(answer, 1), "rows").size(), 1U) << "or nobody gets on";
}

}  // namespace
}  // namespace tapdeck::control
