#include "pipelines/retention/selection.h"

#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

class SelectionTest : public RetentionTest {
 protected:
  std::vector<std::pair<Uid, bool>> walk(const Selection& selection) {
    FakeReader reader(store);
    std::vector<std::pair<Uid, bool>> found;
    EXPECT_TRUE(for_each_selected(
        reader, selection, [&](const Uid& uid, const CallRecord* call) -> Result<void> {
          found.emplace_back(uid, call != nullptr);
          return {};
        }));
    return found;
  }
};

TEST_F(SelectionTest, filters_give_all_pages) {
  for (std::uint32_t i = 0; i < 8; ++i) add(i);
  EXPECT_EQ(walk(by_number("100")).size(), 8U);
}

TEST_F(SelectionTest, uids_come_once_with_those_that_are_no_calls) {
  const Uid there = add(1);
  const Uid missing = testing::ledger_uid(2);
  const std::vector<std::pair<Uid, bool>> expected{{there, true}, {missing, false}};
  EXPECT_EQ(walk(only({missing, there, there})), expected);
}

TEST_F(SelectionTest, without_a_selection_all_calls_are_meant) {
  const Uid there = add(1);
  FakeReader reader(store);
  EXPECT_FALSE(*select_uids(reader, std::nullopt));
  const auto some = select_uids(reader, by_number("100"));
  ASSERT_TRUE(some && *some);
  EXPECT_EQ(**some, SelectedUids{there});
}

TEST_F(SelectionTest, one_of_both_is_needed) {
  Selection both = by_number("100");
  both.uids.push_back(testing::ledger_uid(1));
  EXPECT_FALSE(check_selection(both));
  EXPECT_FALSE(check_selection(Selection{}));
  EXPECT_FALSE(check_selection(only({Uid{}})));
  EXPECT_TRUE(check_selection(by_number("1")));
}

TEST_F(SelectionTest, lists_name_a_few_and_count_all) {
  NamedCalls calls;
  for (std::uint32_t i = 0; i < kNamedMax + 7; ++i) add_to(calls, testing::ledger_uid(i));
  EXPECT_EQ(calls.count, kNamedMax + 7);
  EXPECT_EQ(calls.named.size(), kNamedMax);
  EXPECT_NE(list_text(calls).find(" and 1002 more"), std::string::npos);
  EXPECT_FALSE(check_required_text(" \n", "a reason", 10));
  EXPECT_FALSE(check_required_text("12345678901", "a reason", 10));
  EXPECT_TRUE(check_required_text("1234567890", "a reason", 10));
}

}  // namespace
}  // namespace tapdeck::retention
