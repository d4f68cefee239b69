#include "control/ledger_json.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

LedgerActor anna() { return {1'000, 100, 7, "anna"}; }

// One of each type, in their order.
std::vector<LedgerContent> contents() {
  CallQuery filters;
  filters.agent = "Anna";
  return {
      PolicyChange{anna(), std::nullopt, LedgerDigest{}, 3, "new rules"},
      ClassChange{anna(), "trades", std::nullopt, RetentionTerms{1, 2, 3, true, 4, "MiFID"}, ""},
      Hold{anna(), "m", "r", {make_uid(5, {1})}, filters, std::nullopt},
      Release{anna(), "m", "r", true, {}},
      Extension{anna(), "r", 1'000'000, std::nullopt, std::nullopt},
      Erasure{anna(), "r", kPartMedia | kPartCdr},
      Expiry{"default", kPartsAll, {make_uid(5, {1})}},
      Pause{anna(), PauseCause::kDtmf, 1'000'000, std::nullopt},
      Resume{anna(), PauseCause::kLimit, 1'000'000},
      Annotation{anna(), {{"csat", "4"}, {"note", ""}}},
      Access{anna(), AccessKind::kSearch, "number=49*"},
      Export{anna(), "wav", "/tmp", 2, std::nullopt, {make_uid(5, {1})}},
      Confirmation{anna(), ConfirmedMatter::kClock, "behind by an hour"},
      Redaction{anna(), "policy", {1'000'000, 2'000'000, true}},
      Redaction{anna(), "policy", {.to_us = 2'000'000}}};
}

TEST(LedgerJson, ShowsEveryTypeWithItsFacts) {
  const std::vector<LedgerContent> all = contents();
  ASSERT_EQ(all.size(), kLedgerTypeMax + 1U);
  for (const LedgerContent& content : all) {
    const Json json = ledger_content_to_json(content);
    ASSERT_TRUE(json.is_object());
    if (!std::holds_alternative<Expiry>(content)) {
      EXPECT_EQ(field_of(json, "actor.name"), Json("anna")) << json_line(json);
      EXPECT_EQ(field_of(json, "actor.user_id"), Json(1'000));
    }
  }
  const Json hold = ledger_content_to_json(all[2]);
  EXPECT_EQ(json_line(field_of(hold, "future")), R"({"agent":"Anna"})");
  EXPECT_EQ(field_of(hold, "uids").size(), 1U);
  EXPECT_TRUE(field_of(hold, "matched_hold").is_null());
  EXPECT_EQ(field_of(ledger_content_to_json(all[6]), "cause"), Json("time"));
  EXPECT_EQ(field_of(ledger_content_to_json(Expiry{"c", kPartMedia, {}, ExpiryCause::kPressure}),
                     "cause"),
            Json("pressure"));
  EXPECT_EQ(field_of(ledger_content_to_json(all[7]), "cause"), Json("dtmf"));
  EXPECT_EQ(field_of(ledger_content_to_json(all[10]), "kind"), Json("search"));
  EXPECT_EQ(json_line(field_of(ledger_content_to_json(all[9]), "values")),
            R"({"csat":"4","note":null})");
  EXPECT_EQ(field_of(ledger_content_to_json(all[4]), "media_until"),
            Json("1970-01-01T00:00:01.000000Z"));
  const Json redaction = ledger_content_to_json(all[13]);
  EXPECT_EQ(field_of(redaction, "from"), Json("1970-01-01T00:00:01.000000Z"));
  EXPECT_EQ(field_of(redaction, "until"), Json("1970-01-01T00:00:02.000000Z"));
  EXPECT_EQ(field_of(redaction, "what"), Json("video"));
  const Json early = ledger_content_to_json(all[14]);
  EXPECT_TRUE(field_of(early, "from").is_null()) << "from its beginning";
  EXPECT_EQ(field_of(early, "what"), Json("media"));
}

TEST(LedgerJson, PartsAndTypesHaveNames) {
  EXPECT_EQ(json_line(parts_to_json(kPartsAll)), R"(["media","sip","cdr"])");
  EXPECT_EQ(parts_to_text(kPartMedia | kPartCdr), "media, cdr");
  EXPECT_EQ(parse_ledger_type("policy_change"), LedgerType::kPolicyChange);
  EXPECT_EQ(parse_ledger_type("export"), LedgerType::kExport);
  EXPECT_FALSE(parse_ledger_type("exports"));
  EXPECT_FALSE(parse_ledger_type(""));
}

}  // namespace
}  // namespace tapdeck::control
