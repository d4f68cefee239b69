#include "pipelines/calls/message_group.h"

#include <gtest/gtest.h>

#include "pipelines/calls/claims_facts.h"
#include "tests/unit/pipelines_calls/table_fixture.h"

namespace tapdeck::calls {
namespace {

SignalMessage as_message(const std::string& text) {
  SignalMessage message;
  message.bytes = as_bytes(text).data();
  message.length = static_cast<std::uint32_t>(text.size());
  return message;
}

class MessageGroupTest : public TableFixture {
 protected:
  MessageGroupTest() : TableFixture(4) {}

  HeaderChoice headers_;
  MessageGroup group_{headers_, table_};
};

TEST_F(MessageGroupTest, ReadsAllInOrderAndKnowsTheirCalls) {
  const CallHandle known = add("known");
  const std::string first = Sip{.call_id = "known"}.text();
  const std::string second = "INVITE nonsense\r\n\r\n";
  const std::string third = Sip{.call_id = "new"}.text();
  for (const std::string* text : {&first, &second, &third}) group_.add(as_message(*text));
  const std::span<const DueMessage> due = group_.read();
  ASSERT_EQ(due.size(), 3U);
  ASSERT_TRUE(due[0].result.facts);
  EXPECT_EQ(due[0].result.facts->call_id, "known");
  EXPECT_EQ(due[0].slot, known.index);
  EXPECT_EQ(table_.find(due[0].hash, 0, "known"), table_.find(known));
  EXPECT_FALSE(due[1].result.facts);
  EXPECT_EQ(due[1].slot, 0U) << "nothing is guessed of what has no facts";
  ASSERT_TRUE(due[2].result.facts);
  EXPECT_EQ(due[2].result.facts->call_id, "new");
  EXPECT_EQ(due[2].slot, 0U);
  EXPECT_TRUE(group_.read().empty()) << "each message is given once";
}

TEST_F(MessageGroupTest, IsFullAtItsMost) {
  const std::string text = Sip{.call_id = "a"}.text();
  for (std::size_t i = 0; i < MessageGroup::kMax; ++i) {
    EXPECT_FALSE(group_.full());
    group_.add(as_message(text));
  }
  EXPECT_TRUE(group_.full());
  EXPECT_EQ(group_.read().size(), MessageGroup::kMax);
  EXPECT_FALSE(group_.full());
}

}  // namespace
}  // namespace tapdeck::calls
