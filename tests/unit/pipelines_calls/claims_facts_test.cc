#include "pipelines/calls/claims_facts.h"

#include <gtest/gtest.h>

#include "pipelines/calls/message_facts.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

const MessageFacts& read_claims_facts(FactsReader& reader,
                                      std::string& text,
                                      const std::string& headers) {
  Sip sip;
  sip.headers = headers;
  text = sip.text();
  const FactsResult result = reader.read(as_bytes(text));
  EXPECT_TRUE(result.facts) << sip::verdict_name(result.verdict);
  return *result.facts;
}

TEST(ClaimsFacts, MostMessagesClaimNothing) {
  FactsReader reader;
  std::string text;
  EXPECT_EQ(read_claims_facts(reader, text, "Subject: lunch\r\nX-Account: 7\r\n").claims, nullptr);
}

TEST(ClaimsFacts, IdentitiesOfEverySource) {
  FactsReader reader;
  std::string text;
  const MessageFacts& facts = read_claims_facts(
      reader,
      text,
      "P-Asserted-Identity: \"A\" <sip:+491@x>, <tel:+492>\r\n"
      "P-Preferred-Identity: <sip:+493@x>\r\n"
      "Remote-Party-ID: \"R\" <sip:+494@x>;party=calling;privacy=full;screen=yes\r\n"
      "Diversion: <sip:+495@x>;reason=no-answer\r\n"
      "History-Info: <sip:+496@x;cause=302>;index=1,\r\n <sip:+497@x>;index=1.1\r\n"
      "Referred-By: <sip:+498@x>\r\n");
  ASSERT_TRUE(facts.claims);
  ASSERT_EQ(facts.claims->identities.size(), 8U);
  const IdentityFacts* each = facts.claims->identities.begin();
  EXPECT_EQ(each[0].person.number, "+491");
  EXPECT_EQ(each[0].raw, "\"A\" <sip:+491@x>");
  EXPECT_EQ(each[1].person.number, "+492");
  EXPECT_EQ(each[2].source, IdentitySource::kPreferred);
  EXPECT_EQ(each[3].privacy, "full");
  EXPECT_EQ(each[3].screen, "yes");
  EXPECT_EQ(each[4].reason, "no-answer");
  EXPECT_EQ(each[5].reason, "302");
  EXPECT_EQ(each[6].person.number, "+497");
  EXPECT_EQ(each[7].source, IdentitySource::kReferredBy);
}

TEST(ClaimsFacts, IsBounded) {
  FactsReader reader;
  std::string text;
  std::string headers = "P-Asserted-Identity: <sip:0@x>";
  for (int i = 1; i < 40; ++i) headers += ", <sip:" + std::to_string(i) + "@x>";
  const MessageFacts& facts = read_claims_facts(reader, text, headers + "\r\n");
  EXPECT_EQ(facts.claims->identities.size(), kIdentitiesPerMessageMax);
  EXPECT_EQ(facts.claims->left_out, 40 - kIdentitiesPerMessageMax);
}

TEST(ClaimsFacts, ConversationAndReasons) {
  FactsReader reader;
  std::string text;
  const MessageFacts& facts = read_claims_facts(
      reader,
      text,
      "Session-ID: ab30317f1a784dc48ff824d0d3715d86\r\n"
      "P-Charging-Vector: icid-value=77\r\n"
      "Reason: SIP;cause=200;text=\"answered elsewhere\"\r\nReason: Q.850;cause=26\r\n");
  ASSERT_TRUE(facts.claims);
  ASSERT_TRUE(facts.claims->session);
  EXPECT_TRUE(facts.claims->session->remote.empty());
  EXPECT_EQ(facts.claims->charging->icid, "77");
  ASSERT_EQ(facts.claims->reasons.size(), 2U);
  EXPECT_EQ(facts.claims->reasons.begin()[0].reason.text, "answered elsewhere");
  EXPECT_EQ(facts.claims->reasons.begin()[1].reason.cause, 26);
}

TEST(ClaimsFacts, ConfiguredHeaders) {
  const HeaderChoice choice{HeaderNames({"X-Account", "User-to-User"}), HeaderNames({"x-call"})};
  FactsReader reader(&choice);
  std::string text;
  const MessageFacts& facts = read_claims_facts(
      reader, text, "x-account:  7\r\n 8\r\nX-Other: 1\r\nX-Call: abc\r\nUser-To-User: 00\r\n");
  ASSERT_TRUE(facts.claims);
  ASSERT_EQ(facts.claims->headers.size(), 2U);
  EXPECT_EQ(facts.claims->headers.begin()[0].name, "X-Account");
  EXPECT_EQ(facts.claims->headers.begin()[0].value, "7 8");
  EXPECT_EQ(facts.claims->headers.begin()[1].name, "User-to-User");
  ASSERT_EQ(facts.claims->conversation_headers.size(), 1U);
  EXPECT_EQ(facts.claims->conversation_headers.begin()[0].value, "abc");
  EXPECT_EQ(read_claims_facts(reader, text, "Subject: 1\r\n").claims, nullptr);
}

}  // namespace
}  // namespace tapdeck::calls
