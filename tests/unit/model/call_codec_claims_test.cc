#include <algorithm>

#include <gtest/gtest.h>

#include "model/call_codec.h"
#include "model/call_query.h"
#include "tests/support/sample_call.h"

namespace tapdeck {
namespace {

CallRecord claiming_call() {
  CallRecord call = testing::sample_call();
  CallClaims claims;
  claims.identities = {{IdentitySource::kRemoteParty,
                        1,
                        "0711200",
                        "+49711200",
                        "B",
                        "sip:0711200@x",
                        "no-answer",
                        "full",
                        "yes",
                        "\xff raw"}};
  claims.passports = {
      {"B", "id", "+491", {"+492", "sip:c@x"}, 7'000'000, "shaken", "ES256", "u", "r"}};
  claims.reasons = {{"Q.850", 16, "normal", "BYE", "Q.850;cause=16"}};
  claims.headers = {{"X-Account", "7", 0}, {"X-Other", "", std::nullopt}};
  claims.left_out = 3;
  claims.session_local = "a";
  claims.session_remote = "b";
  claims.session_raw = "a;remote=b";
  claims.icid = "i";
  claims.icid_generated_at = "g";
  claims.orig_ioi = "o";
  claims.term_ioi = "t";
  claims.charging_raw = "c";
  call.claims = std::make_shared<const CallClaims>(std::move(claims));
  CallEdge edge;
  edge.kind = EdgeKind::kReplacedBy;
  edge.outcome = EdgeOutcome::kSucceeded;
  edge.uid = testing::sample_uid(9'000'000, 4);
  edge.call_id = "other";
  edge.from_tag = "f";
  edge.to_tag = "t";
  edge.number = "0711300";
  edge.e164 = "+49711300";
  edge.uri = "sip:0711300@x";
  edge.early = true;
  edge.status_code = 200;
  edge.time_us = 5;
  call.edges = {edge, CallEdge{}};
  call.parties[1].sdp_origin = "- 1 1 192.0.2.1";
  call.parties[1].sdp_addresses = {{make_ipv4(0xc0000201), 4000}, {*parse_ip("2001:db8::1"), 5}};
  return call;
}

TEST(CallCodecClaims, EveryFieldSurvives) {
  const CallRecord call = claiming_call();
  const std::optional<CallRecord> read = decode_call(encode_call(call));
  ASSERT_TRUE(read && read->claims);
  EXPECT_EQ(encode_call(*read), encode_call(call)) << "a field got lost on the way";
  const CallClaims& claims = *read->claims;
  EXPECT_EQ(claims.identities[0].raw, "\xff raw");
  EXPECT_EQ(claims.identities[0].screen, "yes");
  EXPECT_EQ(claims.passports[0].destinations[1], "sip:c@x");
  EXPECT_EQ(claims.passports[0].issued_us, 7'000'000);
  EXPECT_EQ(claims.reasons[0].cause, 16);
  EXPECT_FALSE(claims.headers[1].party);
  EXPECT_EQ(claims.left_out, 3U);
  EXPECT_EQ(claims.session_remote, "b");
  EXPECT_EQ(claims.term_ioi, "t");
  ASSERT_EQ(read->edges.size(), 2U);
  EXPECT_EQ(read->edges[0].uid, call.edges[0].uid);
  EXPECT_TRUE(read->edges[0].early);
  EXPECT_EQ(read->edges[0].status_code, 200);
  EXPECT_FALSE(read->edges[1].uid);
  EXPECT_EQ(read->parties[1].sdp_addresses, call.parties[1].sdp_addresses);
  EXPECT_EQ(read->parties[1].sdp_origin, "- 1 1 192.0.2.1");
}

TEST(CallCodecClaims, ACallWithoutTakesNoByteForThem) {
  const std::optional<CallRecord> read = decode_call(encode_call(testing::sample_call()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->claims, nullptr);
  EXPECT_TRUE(read->edges.empty());
}

TEST(CallCodecClaims, IndexTermsKnowTheirNumbers) {
  const CallRecord call = claiming_call();
  const std::optional<CallRecord> terms = decode_call_terms(encode_call(call));
  ASSERT_TRUE(terms);
  EXPECT_EQ(searchable_numbers(*terms), searchable_numbers(call));
  EXPECT_EQ(terms->conversation_id, call.conversation_id);
  EXPECT_EQ(terms->final, call.final);
  EXPECT_EQ(terms->recording.retention_class, call.recording.retention_class);
  EXPECT_EQ(terms->recording.expires_us, call.recording.expires_us);
  const std::vector<std::string> numbers = searchable_numbers(call);
  for (const char* number : {"49711200", "0711200", "49711300", "0711300"}) {
    EXPECT_NE(std::find(numbers.begin(), numbers.end(), number), numbers.end()) << number;
  }
}

TEST(CallCodecClaims, BadValuesGiveNothing) {
  const std::string good = encode_call(testing::sample_call());
  const auto reads = [&good](std::string_view more) {
    return decode_call(good + std::string(more)).has_value();
  };
  using namespace std::string_view_literals;
  EXPECT_TRUE(reads("\xea\x03\x02\x08\x05"sv)) << "an edge of the last kind";
  EXPECT_FALSE(reads("\xea\x03\x02\x08\x06"sv)) << "no such kind";
  EXPECT_FALSE(reads("\xea\x03\x03\x1a\x01x"sv)) << "a uid of one byte";
  EXPECT_TRUE(reads("\xe2\x03\x04\x0a\x02\x08\x06"sv)) << "an identity of the last source";
  EXPECT_FALSE(reads("\xe2\x03\x04\x0a\x02\x08\x07"sv)) << "no such source";
  EXPECT_FALSE(reads("\xe2\x03\x05\x0a\x03\x10\x80\x02"sv)) << "party 256";
}

}  // namespace
}  // namespace tapdeck
