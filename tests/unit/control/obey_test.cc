#include "control/obey.h"

#include <gtest/gtest.h>

#include "control/call_json.h"
#include "control/reach_store.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using namespace retention;

const LedgerActor kAnna{1'000, 100, 7, "anna"};

// A store of its own with two calls that are over, and the desk on it.
class ObeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Settings settings;
    settings.config = config::defaults();
    settings.store_directory = directory_.path();
    auto store =
        storage::Store::open(store_options(settings, storage::StoreMode::kCreateIfMissing));
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    calls_ = testing::make_calls(2);
    ASSERT_TRUE(store_->put_calls(calls_));
    desk_ = std::make_unique<RetentionDesk>(*store_, desk_options(settings.config));
  }

  Json ask(const RetentionRequest& request) {
    const auto answer = obey(*desk_, request, kAnna);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? Json::parse(*answer) : Json();
  }

  ErrorCode refusal(const RetentionRequest& request) {
    const auto answer = obey(*desk_, request, kAnna);
    return answer ? ErrorCode::kAlreadyExists : answer.error().code;
  }

  Selection first() { return {{calls_[0].uid}, std::nullopt}; }

  testing::TemporaryDirectory directory_;
  std::vector<CallRecord> calls_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<RetentionDesk> desk_;
};

TEST_F(ObeyTest, HoldsAreListedWithWhoGaveThemAndReleased) {
  EXPECT_EQ(field_of(ask(HoldRequest{first(), false, "m", "why"}), "held.count"), Json(1));
  const Json holds = ask(ListHoldsRequest{});
  ASSERT_EQ(field_of(holds, "holds").size(), 1U);
  EXPECT_EQ(field_of(holds, "holds")[0]["orders"][0]["who"], Json("anna"));
  EXPECT_EQ(field_of(ask(ReleaseRequest{"m", "settled", std::nullopt}), "released"), Json(1));
  EXPECT_TRUE(field_of(ask(ListHoldsRequest{}), "holds").empty());
}

TEST_F(ObeyTest, WhatIsDoneIsInTheJournal) {
  ask(AnnotateRequest{calls_[1].uid, {{"csat", "4"}}});
  ask(HoldRequest{first(), false, "m", "why"});
  const Json all = ask(JournalRequest{});
  ASSERT_EQ(field_of(all, "rows").size(), 2U);
  EXPECT_EQ(field_of(all, "rows")[0]["type"], Json("annotation"));
  EXPECT_EQ(field_of(all, "rows")[0]["uid"], Json(to_string(calls_[1].uid)));
  EXPECT_EQ(field_of(field_of(all, "rows")[0], "content.values.csat"), Json("4"));
  EXPECT_EQ(field_of(all, "rows")[1]["type"], Json("hold"));
}

TEST_F(ObeyTest, AnExportIsInTheJournalWithItsManifest) {
  LedgerDigest digest{};
  digest[0] = 0xab;
  const std::vector<Uid> uids = {calls_[1].uid, calls_[0].uid, calls_[1].uid};
  EXPECT_EQ(field_of(ask(ExportRequest{"wav", "/srv/out", 2, digest, uids}), "sequence"), Json(0));
  EXPECT_EQ(refusal(ExportRequest{"", "/srv/out", 2, digest, uids}), ErrorCode::kInvalidArgument);
  const Json rows = field_of(ask(JournalRequest{0, calls_[1].uid, LedgerType::kExport}), "rows");
  ASSERT_EQ(rows.size(), 1U);
  const Json content = field_of(rows[0], "content");
  EXPECT_EQ(content["format"], Json("wav"));
  EXPECT_EQ(content["output"], Json("/srv/out"));
  EXPECT_EQ(content["files"], Json(2));
  EXPECT_EQ(content["manifest"], Json("ab" + std::string(62, '0')));
  EXPECT_EQ(content["uids"].size(), 2U);
  EXPECT_EQ(field_of(content, "actor.name"), Json("anna"));
}

TEST_F(ObeyTest, KeysThatThereAreNotAreRefused) {
  EXPECT_EQ(refusal(AnnotateRequest{calls_[0].uid, {{"colour", "red"}}}),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(field_of(ask(JournalRequest{}), "rows").empty());
}

TEST_F(ObeyTest, ReportsChangeNothing) {
  EXPECT_TRUE(ask(PlanRequest{1'700'000'000'000'000, std::nullopt}).is_object());
  const Json erase = ask(EraseRequest{first(), kPartMedia | kPartSip, "", "", "GDPR", false});
  EXPECT_EQ(field_of(erase, "done"), Json(false));
  const Json extend = ask(ExtendRequest{first(), 4'000'000'000'000'000, kPartsAll, "why", false});
  EXPECT_EQ(field_of(extend, "done"), Json(false));
  EXPECT_TRUE(field_of(ask(JournalRequest{}), "rows").empty());
}

// Before anything is given out.
TEST_F(ObeyTest, ReportsOnANumberAreSearchesForIt) {
  Selection calls;
  calls.query.emplace();
  calls.query->number = "100";
  ask(PlanRequest{4'000'000'000'000'000, calls});
  EXPECT_EQ(refusal(EraseRequest{calls, kPartMedia, "", "", "GDPR", false}), ErrorCode::kNotFound);
  EXPECT_EQ(refusal(ExtendRequest{calls, 4'000'000'000'000'000, kPartsAll, "why", false}),
            ErrorCode::kNotFound);
  const Json rows = field_of(ask(JournalRequest{}), "rows");
  ASSERT_EQ(rows.size(), 3U);
  for (const Json& row : rows) EXPECT_EQ(row["type"], "access") << row;
  calls.query->number.clear();
  ask(PlanRequest{4'000'000'000'000'000, calls});
  EXPECT_EQ(field_of(ask(JournalRequest{}), "rows").size(), 3U);
}

TEST_F(ObeyTest, TheClockIsConfirmedAndWhatIsDueGoes) {
  EXPECT_EQ(field_of(ask(ConfirmClockRequest{}), "confirmed"), Json(true));
  EXPECT_TRUE(field_of(ask(ApplyRequest{}), "expired").is_number());
}

TEST_F(ObeyTest, WhereNothingWasRebuiltNothingIsConfirmed) {
  EXPECT_EQ(field_of(ask(ConfirmRebuildRequest{}), "confirmed"), Json(false));
}

}  // namespace
}  // namespace tapdeck::control
