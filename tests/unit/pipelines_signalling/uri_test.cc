#include "pipelines/signalling/uri.h"

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

TEST(Uri, AllPartsOfASipUri) {
  const auto uri = parse_uri("sips:alice:secret@example.com:5061;transport=tcp;lr?Subject=x&To=y");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->scheme, UriScheme::kSips);
  EXPECT_EQ(uri->user, "alice");
  EXPECT_EQ(uri->password, "secret");
  EXPECT_EQ(uri->host, "example.com");
  EXPECT_EQ(uri->port, 5061);
  EXPECT_EQ(uri->param("Transport"), "tcp");
  EXPECT_EQ(uri->param("lr"), "");
  EXPECT_FALSE(uri->param("maddr"));
  EXPECT_EQ(uri->header("to"), "y");
}

TEST(Uri, UserMayHoldSeparators) {
  const auto uri = parse_uri("sip:user;par=u%40example.net@example.com");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->user, "user;par=u%40example.net");
  EXPECT_EQ(uri->user_number(), "user");
  EXPECT_EQ(uri->host, "example.com");
  EXPECT_EQ(uri->params, "");
}

TEST(Uri, Ipv6HostsWithAndWithoutBrackets) {
  const auto uri = parse_uri("sip:a@[2001:db8::10]:5070;lr");
  ASSERT_TRUE(uri);
  EXPECT_TRUE(uri->host_is_ipv6);
  EXPECT_EQ(uri->host, "2001:db8::10");
  EXPECT_EQ(uri->port, 5070);
  const auto bare = parse_uri("sip:2001:db8::10");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->host, "2001:db8::10");
  EXPECT_EQ(bare->port, 0);
  EXPECT_FALSE(parse_uri("sip:[2001:db8::10"));
}

TEST(Uri, TelAndOtherSchemes) {
  const auto tel = parse_uri("tel:+1-201-555-0123;phone-context=example.com");
  ASSERT_TRUE(tel);
  EXPECT_EQ(tel->scheme, UriScheme::kTel);
  EXPECT_EQ(tel->user, "+1-201-555-0123");
  EXPECT_EQ(tel->param("phone-context"), "example.com");
  const auto other = parse_uri("urn:service:sos");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->scheme, UriScheme::kOther);
  EXPECT_EQ(other->host, "service:sos");
}

TEST(Uri, WhatIsNoUriGivesNothing) {
  for (const char* text : {"", "sip:", "alice", "1sip:a@b", "sip:user@", ":a", "tel:;x"}) {
    EXPECT_FALSE(parse_uri(text)) << text;
  }
}

TEST(NameAddr, QuotedDisplayWithEscapesAndBrackets) {
  const auto parsed = parse_name_addr(R"("A \" <x>" <sip:a@b;lr>;tag=1;x="y;tag=2")");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->display_name, R"(A \" <x>)");
  EXPECT_TRUE(parsed->display_is_quoted);
  EXPECT_EQ(parsed->uri.text, "sip:a@b;lr");
  EXPECT_EQ(parsed->tag(), "1");
}

TEST(NameAddr, NoBlankBeforeBracket) {
  const auto parsed = parse_name_addr("caller<sip:caller@example.com>;tag=323");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->display_name, "caller");
  EXPECT_EQ(parsed->tag(), "323");
}

TEST(NameAddr, ParamsOfABareAddressBelongToTheHeader) {
  const auto parsed = parse_name_addr("sip:a@b;tag=9");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->uri.params, "");
  EXPECT_EQ(parsed->tag(), "9");
  EXPECT_FALSE(parsed->has_brackets);
}

TEST(NameAddr, MissingQuoteOrBracketIsTolerated) {
  const auto quote = parse_name_addr("\"Mr. J. User <sip:j.user@example.com>;tag=5");
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->uri.user, "j.user");
  EXPECT_EQ(quote->tag(), "5");
  const auto bracket = parse_name_addr("<sip:a@b");
  ASSERT_TRUE(bracket);
  EXPECT_EQ(bracket->uri.host, "b");
  EXPECT_FALSE(parse_name_addr("\"only a name\""));
}

TEST(Uri, EscapesAreDecodedOnceAndBadOnesStay) {
  char out[32];
  EXPECT_EQ(std::string_view(out, copy_decoded("a%40b%2", out, sizeof out)), "a@b%2");
  EXPECT_EQ(std::string_view(out, copy_decoded("%zz%2541", out, sizeof out)), "%zz%41");
  EXPECT_EQ(copy_decoded("abcdef", out, 2), 2u);
  EXPECT_EQ(std::string_view(out, copy_decoded("%00", out, sizeof out)), std::string_view("\0", 1));
}

}  // namespace
}  // namespace tapdeck::sip
