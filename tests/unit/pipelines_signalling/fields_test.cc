#include "pipelines/signalling/fields.h"

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

TEST(Fields, ViaWithBlanksAndFolds) {
  const auto via = parse_via(
      "SIP  / 2.0\r\n / UDP\t192.0.2.1 : 5070 ; branch=z9hG4bK1;received=192.0.2.9 ;rport=5071");
  ASSERT_TRUE(via);
  EXPECT_EQ(via->transport, "UDP");
  EXPECT_EQ(via->host, "192.0.2.1");
  EXPECT_EQ(via->port, 5070);
  EXPECT_EQ(via->branch, "z9hG4bK1");
  EXPECT_EQ(via->received, "192.0.2.9");
  EXPECT_TRUE(via->has_rport);
  EXPECT_EQ(via->rport, 5071);
}

TEST(Fields, ViaIpv6AndErrors) {
  const auto via = parse_via("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];rport");
  ASSERT_TRUE(via);
  EXPECT_EQ(via->host, "2001:db8::9:1");
  EXPECT_EQ(via->received, "2001:db8::9:255");
  EXPECT_TRUE(via->has_rport);
  EXPECT_EQ(via->rport, 0);
  EXPECT_FALSE(parse_via("SIP/2.0/UDP"));
  EXPECT_FALSE(parse_via("HTTP/1.1/TCP host"));
  EXPECT_FALSE(parse_via("SIP/2.0 host"));
}

TEST(Fields, CSeqNumberAndMethod) {
  const auto cseq = parse_cseq("0009\r\n  INVITE");
  ASSERT_TRUE(cseq);
  EXPECT_EQ(cseq->number, 9u);
  EXPECT_EQ(cseq->method, Method::kInvite);
  EXPECT_FALSE(parse_cseq("INVITE 9"));
  EXPECT_FALSE(parse_cseq("9"));
  EXPECT_FALSE(parse_cseq("9 IN VITE"));
  EXPECT_FALSE(parse_cseq("36893488147419103232 REGISTER"));
}

TEST(Fields, ContactStarAndExpires) {
  EXPECT_TRUE(parse_contact(" * ")->is_star);
  const auto contact = parse_contact("<sip:a@b>;expires=60;q=0.5");
  ASSERT_TRUE(contact);
  EXPECT_EQ(contact->expires, 60u);
  EXPECT_EQ(contact->address.uri.user, "a");
}

TEST(Fields, ContentTypeAndBoundary) {
  const auto type = parse_content_type("Multipart/Mixed ; boundary=\"7a9;c\"");
  ASSERT_TRUE(type);
  EXPECT_TRUE(type->is("multipart", "mixed"));
  EXPECT_EQ(type->boundary, "7a9;c");
  EXPECT_FALSE(parse_content_type("text"));
}

TEST(Fields, ReasonReplacesSessionExpiresRack) {
  const auto reason = parse_reason("Q.850 ;cause=16 ;text=\"Normal, call clearing\"");
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->cause, 16);
  EXPECT_EQ(reason->text, "Normal, call clearing");
  const auto replaces = parse_replaces("98asjd8@test;to-tag=7743;from-tag=6472;early-only");
  ASSERT_TRUE(replaces);
  EXPECT_EQ(replaces->call_id, "98asjd8@test");
  EXPECT_EQ(replaces->to_tag, "7743");
  EXPECT_EQ(replaces->from_tag, "6472");
  EXPECT_TRUE(replaces->early_only);
  const auto session = parse_session_expires("1800;refresher=uas");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->seconds, 1800u);
  EXPECT_EQ(session->refresher, "uas");
  const auto rack = parse_rack("776656 1 INVITE");
  ASSERT_TRUE(rack);
  EXPECT_EQ(rack->rseq, 776656u);
  EXPECT_EQ(rack->cseq.number, 1u);
  EXPECT_FALSE(parse_rack("776656 INVITE"));
}

}  // namespace
}  // namespace tapdeck::sip
