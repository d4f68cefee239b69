#include "control/conversation_report.h"

#include <gtest/gtest.h>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

CallRecord leg(std::uint8_t seed, const std::string& conversation) {
  CallRecord call = tapdeck::testing::sample_call();
  call.uid = tapdeck::testing::sample_uid(*call.start_us, seed);
  call.call_id = "leg-" + std::to_string(seed);
  call.conversation_id = conversation;
  return call;
}

testing::FakeContents two_legs() {
  testing::FakeContents contents;
  contents.calls = {leg(1, "c1"), leg(2, "other"), leg(3, "c1")};
  contents.messages = {testing::make_message(1'700'000'000'123'456, "INVITE sip:b@x SIP/2.0\r\n")};
  return contents;
}

TEST(ConversationReport, AllLegsInOneLadder) {
  const testing::FakeContents contents = two_legs();
  testing::FakeStore store(contents);
  std::vector<std::string> faults;
  const ConversationReport report = read_conversation(store, contents.calls[2], faults);
  EXPECT_TRUE(faults.empty());
  ASSERT_EQ(report.legs.size(), 2U);
  const Json json = conversation_to_json(contents.calls[2], report);
  EXPECT_EQ(json["id"], "c1");
  EXPECT_EQ(json["legs"][1]["leg"], "L2");
  EXPECT_EQ(json["legs"][1]["call_id"], "leg-3");
  ASSERT_EQ(json["messages"].size(), 2U);
  EXPECT_EQ(json["messages"][0]["leg"], "L1");
  EXPECT_EQ(json["messages"][1]["leg"], "L2");
  const std::string text = conversation_to_text(contents.calls[2], report);
  EXPECT_NE(text.find("L2 *"), std::string::npos) << "which leg was asked for\n" << text;
  EXPECT_NE(text.find(" L1 "), std::string::npos) << text;
}

TEST(ConversationReport, ACallThatIsAloneHasNone) {
  const testing::FakeContents contents = two_legs();
  testing::FakeStore store(contents);
  std::vector<std::string> faults;
  EXPECT_TRUE(read_conversation(store, contents.calls[1], faults).legs.empty());
  EXPECT_TRUE(read_conversation(store, leg(1, ""), faults).legs.empty());
  EXPECT_EQ(conversation_to_json(contents.calls[1], {}), nullptr);
}

TEST(ConversationReport, IsBounded) {
  testing::FakeContents contents;
  for (std::uint8_t i = 0; i < 100; ++i) contents.calls.push_back(leg(i, "c1"));
  testing::FakeStore store(contents);
  std::vector<std::string> faults;
  const ConversationReport report = read_conversation(store, contents.calls[0], faults);
  EXPECT_EQ(report.legs.size(), kLegsShownMax);
  EXPECT_TRUE(report.more);
}

}  // namespace
}  // namespace tapdeck::control
