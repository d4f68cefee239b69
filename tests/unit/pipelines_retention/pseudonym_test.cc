#include "pipelines/retention/pseudonym.h"

#include <gtest/gtest.h>

#include "model/call_codec.h"
#include "tests/support/sample_call.h"

namespace tapdeck::retention {
namespace {

std::uint32_t counted() {
  static std::uint32_t next = 0xab;
  return ++next;
}

CallRecord full_call() {
  CallRecord call = testing::sample_call();
  call.recording.lifecycle = RecordingLifecycle::kErased;
  auto device = std::make_shared<Device>();
  device->name = "J\xfcrgen's phone";
  call.parties[0].device = device;
  call.parties[1].name = "Mary";
  call.parties[1].uri = "sip:00441632960123@b";
  call.parties[0].sdp_origin = "- 1 1 192.0.2.1";
  CallClaims claims;
  CallIdentity identity;
  identity.party = 0;
  identity.number = "+4930555";
  identity.raw = "<tel:+4930555>";
  claims.identities.push_back(identity);
  CallPassport passport;
  passport.attestation = "A";
  passport.orig = "49891234";
  passport.destinations = {"441632960123"};
  passport.raw = "eyJ49891234";
  claims.passports.push_back(passport);
  claims.headers.push_back({"X-Customer", "49891234", 0});
  claims.session_raw = "abc";
  CallIdentity referrer;
  referrer.source = IdentitySource::kReferredBy;
  referrer.party = 0;
  referrer.number = "heidi.klein";
  referrer.uri = "sip:heidi.klein@b";
  claims.identities.push_back(referrer);
  CallIdentity diverted;
  diverted.source = IdentitySource::kDiversion;
  diverted.number = "441632960997";
  diverted.reason = "user-busy";
  claims.identities.push_back(diverted);
  diverted.number = "441632960998";
  diverted.reason = "Karl is out";
  claims.identities.push_back(diverted);
  claims.reasons.push_back({"Q.850", 17, "Karl is busy", "486", "Q.850;text=Karl"});
  call.reason = "Karl is busy";
  call.claims = std::make_shared<CallClaims>(claims);
  CallEdge edge;
  edge.number = "49891234";
  edge.uri = "sip:49891234@x";
  call.edges.push_back(edge);
  call.business = std::make_shared<CallBusiness>(CallBusiness{"Jo", "t", "ACME", "c", "d"});
  return call;
}

bool has(const CallRecord& call, const std::string& text) {
  return encode_call(call).find(text) != std::string::npos;
}

TEST(PseudonymTest, nothing_of_anybody_is_left_and_what_happened_is) {
  CallRecord call = full_call();
  const CallRecord before = call;
  pseudonymise(call, {}, counted);
  for (const char* text : {"891234",
                           "1632960",
                           "4930555",
                           "4420555",
                           "rgen",
                           "Mary",
                           "192.0.2.1@",
                           "eyJ",
                           "ACME",
                           "X-Customer",
                           "phone/1",
                           "Karl",
                           "heidi",
                           "- 1 1"}) {
    EXPECT_FALSE(has(call, text)) << text;
  }
  ASSERT_EQ(call.parties.size(), 2U);
  EXPECT_TRUE(call.parties[0].number.starts_with("erased-"));
  EXPECT_EQ(call.parties[0].number.size(), 15U);
  EXPECT_NE(call.parties[0].number, call.parties[1].number);
  EXPECT_EQ(call.dialled, call.parties[1].number);  // it was the same number
  EXPECT_FALSE(call.parties[0].ip);
  EXPECT_EQ(call.media[0].source, Endpoint{});
  EXPECT_EQ(call.outcome, before.outcome);
  EXPECT_EQ(call.start_us, before.start_us);
  EXPECT_EQ(call.talk_ms, before.talk_ms);
  EXPECT_EQ(call.media[0].codec, before.media[0].codec);
  EXPECT_EQ(call.sip_methods, before.sip_methods);
  EXPECT_EQ(call.claims->passports[0].attestation, "A");
  EXPECT_EQ(call.claims->reasons[0].cause, 17);
  EXPECT_EQ(call.claims->reasons[0].of, "486");
  EXPECT_EQ(call.claims->identities[2].reason, "user-busy");
  EXPECT_TRUE(call.recording.legal_holds.empty());
}

TEST(PseudonymTest, twice_is_once) {
  CallRecord call = full_call();
  pseudonymise(call, {}, counted);
  const std::string once = encode_call(call);
  pseudonymise(call, {}, counted);
  EXPECT_EQ(encode_call(call), once);
}

TEST(PseudonymTest, one_party_goes_wherever_it_stands) {
  CallRecord call = full_call();
  const auto choice = choose_parties(call, NumberPattern("0891234", "+49891234"));
  ASSERT_TRUE(choice);
  EXPECT_FALSE(choice->everyone);
  EXPECT_EQ(choice->parties, 1U);
  pseudonymise(call, *choice, counted);
  EXPECT_FALSE(has(call, "891234"));
  EXPECT_FALSE(has(call, "rgen"));
  EXPECT_EQ(call.parties[1].number, "00441632960123");
  EXPECT_EQ(call.parties[1].name, "Mary");
  EXPECT_EQ(call.dialled, "441632960123");
  EXPECT_TRUE(call.asserted.starts_with("erased-"));  // by the caller
  EXPECT_FALSE(has(call, "heidi"));
  EXPECT_FALSE(has(call, "Karl"));  // nobody knows who is meant
  EXPECT_EQ(call.claims->identities[2].number, "441632960997");
}

TEST(PseudonymTest, with_one_party_goes_who_else_has_such_a_number) {
  CallRecord call = full_call();
  CallClaims claims = *call.claims;
  claims.identities[1].party = 1;
  claims.identities[1].number = "+49891235";
  call.claims = std::make_shared<CallClaims>(claims);
  call.transferred = CallTransfer{"441632960123", "caller", "blind", ""};
  const auto choice = choose_parties(call, NumberPattern("+4989123*", ""));
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->parties, 1U);
  EXPECT_TRUE(choice->others);
  pseudonymise(call, *choice, counted);
  EXPECT_FALSE(has(call, "89123"));
  EXPECT_EQ(call.parties[1].number, "00441632960123");
  EXPECT_EQ(call.transferred->to, "441632960123");
  EXPECT_EQ(call.transferred->by, "caller");  // a role is no number
}

TEST(PseudonymTest, who_was_only_named_goes_alone) {
  CallRecord call = full_call();
  const auto choice = choose_parties(call, NumberPattern("441632960999", ""));
  ASSERT_TRUE(choice);
  EXPECT_TRUE(choice->others);
  EXPECT_EQ(choice->parties, 0U);
  pseudonymise(call, *choice, counted);
  EXPECT_FALSE(has(call, "960999"));
  EXPECT_EQ(call.parties[0].number, "0891234");
  EXPECT_EQ(call.parties[1].number, "00441632960123");
  EXPECT_FALSE(choose_parties(call, NumberPattern("777", "")));
}

TEST(PseudonymTest, addresses_stay_where_media_is_told_apart_by_them) {
  CallRecord call = full_call();
  call.recording.lifecycle = RecordingLifecycle::kPresent;
  const Endpoint source = call.media[0].source;
  pseudonymise(call, {}, counted);
  EXPECT_EQ(call.media[0].source, source);
}

TEST(PseudonymTest, a_choice_is_kept_without_a_number) {
  for (const PartyChoice& choice : {PartyChoice{},
                                    PartyChoice{false, 5, false},
                                    PartyChoice{false, 0, true},
                                    PartyChoice{false, ~std::uint64_t{0}, true}}) {
    EXPECT_EQ(decode_party_choice(encode_party_choice(choice)), choice);
  }
  for (const char* bad : {"", "+", "x", "1 ", "-1"}) EXPECT_FALSE(decode_party_choice(bad)) << bad;
}

}  // namespace
}  // namespace tapdeck::retention
