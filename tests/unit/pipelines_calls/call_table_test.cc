#include "pipelines/calls/call_table.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/table_fixture.h"

namespace tapdeck::calls {
namespace {

class CallTableTest : public TableFixture {
 protected:
  CallTableTest() : TableFixture(2) {}
};

TEST_F(CallTableTest, StaleHandlesFindNothing) {
  const CallHandle first = add("a");
  EXPECT_NE(table_.find(first), nullptr);
  EXPECT_NE(first.index, 0U);
  table_.remove(first);
  const CallHandle second = add("b");
  EXPECT_EQ(second.index, first.index);
  EXPECT_EQ(table_.find(first), nullptr);
  EXPECT_EQ(find(0, "b"), table_.find(second));
}

TEST_F(CallTableTest, ALaterCallKeepsTheCallIdWhenTheEarlierGoes) {
  const CallHandle first = add("a");
  const CallHandle second = add("a");
  table_.remove(first);
  EXPECT_EQ(find(0, "a"), table_.find(second));
  EXPECT_EQ(find(1, "a"), nullptr);
}

TEST_F(CallTableTest, TheOldestUnansweredCallIsTheLeastUseful) {
  const CallHandle first = add("a");
  const CallHandle second = add("b");
  EXPECT_TRUE(table_.full());
  EXPECT_EQ(table_.least_useful(), first);
  table_.mark(first, CallWorth::kRinging);
  EXPECT_EQ(table_.least_useful(), second);
  table_.mark(second, CallWorth::kRinging);
  EXPECT_EQ(table_.least_useful(), first) << "in the order in which it rang";
  table_.mark(first, CallWorth::kAnswered);
  EXPECT_EQ(table_.least_useful(), second);
  table_.mark(second, CallWorth::kAnswered);
  EXPECT_EQ(table_.least_useful(), first);
}

TEST_F(CallTableTest, GuessesAreRightWhileNothingChanges) {
  const CallHandle first = add("a");
  const std::uint32_t slot = table_.guess_slot(table_.hash_of(0, "a"));
  EXPECT_EQ(slot, first.index);
  EXPECT_EQ(table_.guess_call(slot), table_.find(first));
  EXPECT_EQ(table_.guess_slot(table_.hash_of(0, "b")), 0U);
  EXPECT_EQ(table_.guess_call(0), nullptr);
  table_.remove(first);
  EXPECT_EQ(table_.guess_call(slot), nullptr);
}

}  // namespace
}  // namespace tapdeck::calls
