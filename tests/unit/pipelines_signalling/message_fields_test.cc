// Typed accessors of Message (message_fields.cc).
#include <string>

#include <gtest/gtest.h>

#include "pipelines/signalling/message.h"

namespace tapdeck::sip {
namespace {

TEST(MessageFields, FirstValuesAreRead) {
  const std::string text =
      "INVITE sip:bob@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP p1;branch=b1, SIP/2.0/UDP p2;branch=b2\r\n"
      "From: A <sip:alice@example.com>;tag=a1\r\nTo: <sip:bob@example.com>\r\n"
      "Call-ID: c1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:a@h:5070>\r\n"
      "P-Asserted-Identity: \"X, Y\" <sip:+15551@h>, <tel:+15551>\r\n"
      "Diversion: <sip:first@h>;reason=no-answer\r\nDiversion: <sip:second@h>\r\n"
      "Reason: SIP;cause=200, Q.850;cause=16;text=\"x\"\r\n"
      "Session-Expires: 1800;refresher=uac\r\nExpires: 120\r\nRSeq: 7\r\nRAck: 7 1 INVITE\r\n"
      "Replaces: old;from-tag=f;to-tag=t\r\nSupported: timer, 100rel\r\nRequire:\r\n"
      "Proxy-Authorization: Digest username=\"a\", realm=\"r\"\r\n"
      "User-Agent: Agent 1\r\nServer: no\r\n\r\n";
  Message message;
  ASSERT_EQ(parse(as_bytes(text), message), ParseVerdict::kOk);
  EXPECT_EQ(message.top_via()->branch, "b1");
  EXPECT_EQ(message.from()->display_name, "A");
  EXPECT_EQ(message.to()->uri.user, "bob");
  EXPECT_EQ(message.request_uri()->host, "example.com");
  EXPECT_EQ(message.max_forwards(), 70u);
  EXPECT_EQ(message.contact()->address.uri.port, 5070);
  EXPECT_EQ(message.name_addr(HeaderId::kPAssertedIdentity)->uri.user, "+15551");
  EXPECT_EQ(message.name_addr(HeaderId::kDiversion)->uri.user, "first");
  EXPECT_EQ(message.reason()->cause, 16);
  EXPECT_EQ(message.session_expires()->seconds, 1800u);
  EXPECT_EQ(message.expires(), 120u);
  EXPECT_EQ(message.rseq(), 7u);
  EXPECT_EQ(message.rack()->cseq.number, 1u);
  EXPECT_EQ(message.replaces()->call_id, "old");
  EXPECT_TRUE(message.has_token(HeaderId::kSupported, "100REL"));
  EXPECT_FALSE(message.has_token(HeaderId::kSupported, "100"));
  EXPECT_TRUE(message.has(HeaderId::kRequire));
  EXPECT_FALSE(message.has_token(HeaderId::kRequire, ""));
  EXPECT_TRUE(message.has_credentials());
  EXPECT_EQ(message.user_agent(), "Agent 1");
  EXPECT_EQ(message.first_named("proxy-authorization"), "Digest username=\"a\", realm=\"r\"");
}

TEST(MessageFields, AbsentOrUnreadableIsNothing) {
  const std::string text =
      "INVITE sip:bob@example.com SIP/2.0\r\nVia: broken\r\nFrom: \"A\" nothing;tag=f1\r\n"
      "To: <sip:b@h>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\nExpires: soon\r\n\r\n";
  Message message;
  ASSERT_EQ(parse(as_bytes(text), message), ParseVerdict::kOk);
  EXPECT_FALSE(message.top_via());
  EXPECT_FALSE(message.from());
  EXPECT_EQ(message.from_tag(), "f1");  // still tells dialogs apart
  EXPECT_FALSE(message.expires());
  EXPECT_FALSE(message.contact());
  EXPECT_FALSE(message.content_type());
  EXPECT_FALSE(message.reason());
  EXPECT_FALSE(message.has_credentials());
  EXPECT_EQ(message.user_agent(), "");
}

}  // namespace
}  // namespace tapdeck::sip
