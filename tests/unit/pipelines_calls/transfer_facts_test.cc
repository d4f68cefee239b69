#include "pipelines/calls/transfer_facts.h"

#include <gtest/gtest.h>

#include "pipelines/calls/message_facts.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

const TransferFacts* read_transfer_facts(FactsReader& reader, std::string& text, const Sip& sip) {
  text = sip.text();
  const FactsResult result = reader.read(as_bytes(text));
  EXPECT_TRUE(result.facts) << sip::verdict_name(result.verdict);
  return result.facts->transfer;
}

TEST(TransferFacts, MostMessagesHaveNone) {
  FactsReader reader;
  std::string text;
  EXPECT_EQ(read_transfer_facts(reader, text, {}), nullptr);
  EXPECT_EQ(read_transfer_facts(reader, text, {.status = 200, .to_tag = "b"}), nullptr);
}

TEST(TransferFacts, ReferWithReplaces) {
  FactsReader reader;
  std::string text;
  const TransferFacts* facts = read_transfer_facts(
      reader,
      text,
      {.method = "REFER",
       .to_tag = "b",
       .headers =
           "Refer-To: <sip:300@x?Replaces=c2%40y%3Bto-tag%3Dt%3Bfrom-tag%3Df&Require=replaces>"
           "\r\n"});
  ASSERT_TRUE(facts && facts->refer_to && facts->replaces);
  EXPECT_EQ(facts->refer_to->number, "300");
  EXPECT_EQ(facts->replaces->call_id, "c2@y");
  EXPECT_EQ(facts->replaces->from_tag, "f");
  EXPECT_EQ(facts->replaces->to_tag, "t");
}

TEST(TransferFacts, ReferOutsideOfItsDialog) {
  FactsReader reader;
  std::string text;
  const TransferFacts* facts =
      read_transfer_facts(reader,
                          text,
                          {.method = "REFER",
                           .headers = "Refer-To: <sip:300@x>\r\n"
                                      "Target-Dialog: c1@y;local-tag=l;remote-tag=r\r\n"});
  ASSERT_TRUE(facts && facts->target);
  EXPECT_EQ(facts->target->call_id, "c1@y");
  EXPECT_EQ(facts->target->from_tag, "l");
  EXPECT_EQ(facts->target->to_tag, "r");
}

TEST(TransferFacts, InviteWithReplaces) {
  FactsReader reader;
  std::string text;
  const TransferFacts* facts = read_transfer_facts(
      reader,
      text,
      {.headers = "Replaces: c2@y;from-tag=f;to-tag=t;early-only\r\nReferred-By: <sip:9@x>\r\n"});
  ASSERT_TRUE(facts && facts->replaces && facts->referred_by);
  EXPECT_TRUE(facts->replaces->early_only);
  EXPECT_EQ(facts->referred_by->number, "9");
}

TEST(TransferFacts, WhereA3xxSends) {
  FactsReader reader;
  std::string text;
  const Sip sip{
      .status = 302, .to_tag = "b", .headers = "Contact: <sip:301@x>;q=1, <sip:302@x>\r\n"};
  const TransferFacts* facts = read_transfer_facts(reader, text, sip);
  ASSERT_TRUE(facts);
  ASSERT_EQ(facts->redirect_count, 2U);
  EXPECT_EQ(facts->redirects[1].number, "302");
}

}  // namespace
}  // namespace tapdeck::calls
