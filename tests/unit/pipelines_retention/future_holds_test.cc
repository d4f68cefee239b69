#include "pipelines/retention/future_holds.h"

#include <future>

#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

class FutureHoldsTest : public RetentionTest {
 protected:
  std::uint64_t wait_for(const std::string& number, const std::string& matter = "M1") {
    HoldRequest request = hold_of(by_number(number), matter);
    request.future = true;
    const auto answer = desk->hold(request, clerk);
    EXPECT_TRUE(answer) << error_of(answer);
    return answer ? answer->sequence : 0;
  }

  // What the store does with records.
  std::size_t put(const std::vector<CallRecord>& calls) {
    const FutureHolds::Matched matched = desk->future_holds().match(calls);
    if (!matched.entries.empty()) {
      EXPECT_TRUE(store.journal().commit(matched.entries));
    }
    for (const CallRecord& call : calls) store.put(call);
    return matched.entries.size();
  }

  std::vector<std::string> matters_of(std::uint32_t number) {
    return store.journal().look([&](const storage::LedgerState& state) {
      return state.matters_of(testing::ledger_uid(number));
    });
  }
};

TEST_F(FutureHoldsTest, nothing_is_matched_without_an_order) { EXPECT_EQ(put({call_of(1)}), 0U); }

TEST_F(FutureHoldsTest, calls_to_come_are_held_once_and_name_the_order) {
  const std::uint64_t sequence = wait_for("100");
  const std::vector<CallRecord> calls{call_of(2), call_of(1), call_of(3, "300")};
  const auto matched = desk->future_holds().match(calls);
  ASSERT_EQ(matched.entries.size(), 1U);
  const Hold& hold = std::get<Hold>(matched.entries[0].content);
  EXPECT_EQ(hold.matched_hold, sequence);
  EXPECT_EQ(hold.matter, "M1");
  EXPECT_EQ(hold.uids, (std::vector<Uid>{calls[1].uid, calls[0].uid}));
}

TEST_F(FutureHoldsTest, what_is_held_already_is_not_journalled_again) {
  wait_for("100");
  EXPECT_EQ(put({call_of(1)}), 1U);
  EXPECT_EQ(put({call_of(1)}), 0U);
  EXPECT_EQ(matters_of(1), std::vector<std::string>{"M1"});
}

TEST_F(FutureHoldsTest, what_an_annotation_says_is_matched_when_it_is_said) {
  HoldRequest request;
  CallQuery query;
  query.tag = "dispute";
  request.calls.query = query;
  request.matter = "M1";
  request.reason = "counsel";
  request.future = true;
  ASSERT_TRUE(desk->hold(request, clerk));
  const Uid uid = add(1);
  EXPECT_EQ(put({call_of(1)}), 0U);
  ASSERT_TRUE(desk->annotate({uid, {{"tag", "other"}}}, clerk));
  EXPECT_TRUE(matters_of(1).empty());
  ASSERT_TRUE(desk->annotate({uid, {{"tag", "dispute,urgent"}}}, clerk));
  EXPECT_EQ(matters_of(1), std::vector<std::string>{"M1"});
  ASSERT_TRUE(desk->annotate({uid, {{"tag", ""}}}, clerk));
  EXPECT_EQ(matters_of(1), std::vector<std::string>{"M1"}) << "a hold sticks";
}

TEST_F(FutureHoldsTest, several_matters_and_prefixes_match_alike) {
  wait_for("10*", "M1");
  wait_for("100", "M2");
  wait_for("2*", "M3");
  wait_for("999", "M4");
  EXPECT_EQ(put({call_of(1)}), 3U);
  EXPECT_EQ(matters_of(1), (std::vector<std::string>{"M1", "M2", "M3"}));
}

TEST_F(FutureHoldsTest, all_other_filters_count_too) {
  HoldRequest request = hold_of(by_number("100"));
  request.future = true;
  request.calls.query->outcome = CallOutcome::kBusy;
  ASSERT_TRUE(desk->hold(request, clerk));
  EXPECT_EQ(put({call_of(1)}), 0U);
}

TEST_F(FutureHoldsTest, a_release_ends_it_and_a_restart_does_not) {
  wait_for("100");
  store.open_journal();
  open_desk();
  EXPECT_EQ(put({call_of(1)}), 1U);
  ASSERT_TRUE(desk->release({"M1", "settled", std::nullopt}, clerk));
  EXPECT_EQ(put({call_of(2)}), 0U);
  EXPECT_TRUE(matters_of(1).empty());
}

// A batch whose records are not stored yet was asked before the order: the order waits for it.
TEST_F(FutureHoldsTest, a_batch_under_way_is_waited_for) {
  std::future<Result<HoldAnswer>> answer;
  {
    const std::vector<CallRecord> calls{call_of(1)};
    const FutureHolds::Matched matched = desk->future_holds().match(calls);
    EXPECT_TRUE(matched.entries.empty());
    HoldRequest request = hold_of(by_number("100"));
    request.future = true;
    answer = std::async(std::launch::async, [&, request] { return desk->hold(request, clerk); });
    EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    store.put(calls[0]);
  }
  ASSERT_TRUE(answer.get());
  EXPECT_EQ(matters_of(1), std::vector<std::string>{"M1"});
}

}  // namespace
}  // namespace tapdeck::retention
