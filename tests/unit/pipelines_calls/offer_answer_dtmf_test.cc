// In which payload types workers mask keys, by offers and answers.
#include <gtest/gtest.h>

#include "pipelines/calls/offer_answer.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

constexpr const char* kCaller = "10.0.0.1:4000";
constexpr const char* kCallee = "10.0.0.2:5000";
constexpr const char* kEvents101 = "a=rtpmap:101 telephone-event/8000\r\n";

Line caller(const std::string& formats, const std::string& attributes) {
  return {.formats = formats, .attributes = attributes};
}

Line callee(const std::string& formats, const std::string& attributes) {
  return {.ip = "10.0.0.2", .port = 5000, .formats = formats, .attributes = attributes};
}

void answered(Scenario& play, const Line& offer, const Line& answer) {
  play.from_caller(0, {.sdp = sdp({offer})});
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({answer})});
}

// What was said last of an address.
const BindMessage& bound(const Scenario& play, const std::string& address) {
  static const BindMessage kNothing{};
  for (std::size_t i = play.binds.size(); i > 0; --i) {
    if (to_string(play.binds[i - 1].address) == address) return play.binds[i - 1];
  }
  ADD_FAILURE() << address << " was not bound";
  return kNothing;
}

PayloadTypes of(std::initializer_list<std::uint8_t> numbers) {
  PayloadTypes types;
  for (const std::uint8_t number : numbers) types.add(number);
  return types;
}

TEST(OfferAnswerDtmf, TypesOfEventsAndRedundancyAreToldWhateverTheirCase) {
  Scenario play;
  answered(play,
           caller("0 96 97 121",
                  "a=rtpmap:96 Telephone-Event/8000\r\na=rtpmap:97 TELEPHONE-EVENT/16000\r\n"
                  "a=rtpmap:121 RED/8000\r\n"),
           callee("0 96", "a=rtpmap:96 telephone-event/8000\r\n"));
  EXPECT_EQ(bound(play, kCaller).dtmf_to.events, of({96, 97}));
  EXPECT_EQ(bound(play, kCaller).dtmf_to.redundant, of({121}));
  EXPECT_EQ(bound(play, kCallee).dtmf_to.events, of({96, 97}));
  EXPECT_EQ(play.binds.size(), 2U) << "the answer says nothing new of the caller's address";
}

TEST(OfferAnswerDtmf, TheReceiversDeclarationGoesBeforeTheSenders) {
  Scenario play;
  answered(play,
           caller("0 96 101", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"),
           callee("0 96", "a=rtpmap:96 telephone-event/8000\r\n"));
  EXPECT_EQ(bound(play, kCaller).dtmf_to.events, of({101})) << "96 is Opus there";
  EXPECT_EQ(bound(play, kCallee).dtmf_to.events, of({96, 101}));
  EXPECT_EQ(bound(play, kCaller).dtmf_from.events, of({96, 101}));
  EXPECT_EQ(bound(play, kCallee).dtmf_from.events, of({101}))
      << "to where nobody knows: to the caller";
}

TEST(OfferAnswerDtmf, TypesBeyondThoseWithAClockAreToldToo) {
  std::string formats;
  std::string attributes;
  for (int type = 60; type < 110; ++type) {
    formats += std::to_string(type) + " ";
    attributes += "a=rtpmap:" + std::to_string(type) +
                  (type < 109 ? " opus/48000\r\n" : " telephone-event/8000\r\n");
  }
  Scenario play;
  play.from_caller(0, {.sdp = sdp({caller(formats, attributes)})});
  EXPECT_EQ(bound(play, kCaller).dtmf_to.events, of({109}));
}

TEST(OfferAnswerDtmf, EncryptedMediaIsLeftAlone) {
  const std::string key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n";
  Line offer = caller("0 101", kEvents101 + key);
  Line answer = callee("0 101", kEvents101 + key);
  offer.proto = answer.proto = "RTP/SAVP";
  Scenario play;
  answered(play, offer, answer);
  EXPECT_TRUE(bound(play, kCaller).dtmf_to.events.empty());
  EXPECT_TRUE(bound(play, kCallee).dtmf_to.events.empty());
  EXPECT_TRUE(bound(play, kCallee).dtmf_from.events.empty());
}

TEST(OfferAnswerDtmf, KeysThatTheAnswerDidNotTakeUpEncryptNothing) {
  const std::string key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n";
  Scenario play;
  play.from_caller(0, {.sdp = sdp({caller("0 101", kEvents101 + key)})});
  EXPECT_TRUE(bound(play, kCaller).dtmf_to.events.empty());
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee("0 101", kEvents101)})});
  EXPECT_EQ(bound(play, kCaller).dtmf_to.events, of({101}));
  EXPECT_EQ(bound(play, kCallee).dtmf_to.events, of({101}));
}

TEST(OfferAnswerDtmf, ALearntAddressHasTheTypesOfItsParty) {
  Scenario play;
  answered(play, caller("0 96", "a=rtpmap:96 telephone-event/8000\r\n"), callee("0", ""));
  play.stream(4,
              {.source = "192.0.2.77:7000",
               .destination = kCallee,
               .first = 3.5,
               .last = 4,
               .receiver = 1});
  ASSERT_TRUE(bound(play, "192.0.2.77:7000").learnt);
  EXPECT_EQ(bound(play, "192.0.2.77:7000").dtmf_to.events, of({96}));
}

TEST(OfferAnswerDtmf, LinesThatShareAnAddressShareTheirTypes) {
  Scenario play;
  play.from_caller(0,
                   {.sdp = sdp({caller("0 101", kEvents101),
                                caller("9 110", "a=rtpmap:110 telephone-event/48000\r\n")})});
  EXPECT_EQ(bound(play, kCaller).dtmf_to.events, of({101, 110}));
}

TEST(OfferAnswerDtmf, NothingIsToldWhereNothingIsToBeMasked) {
  CallPlaneOptions options;
  options.mask_dtmf = false;
  Scenario play(options);
  answered(play, caller("0 101", kEvents101), callee("0 101", kEvents101));
  EXPECT_EQ(bound(play, kCaller).dtmf_to, DtmfTypes{});
  EXPECT_EQ(bound(play, kCallee).dtmf_from, DtmfTypes{});
}

TEST(OfferAnswerDtmf, AChangeOfMindIsTold) {
  OfferAnswer media;
  SessionFacts session;
  MediaLine line;
  line.enabled = true;
  line.is_rtp = true;
  line.address = *parse_endpoint(kCaller);
  line.types.all.add(101);
  line.types.dtmf.events.add(101);
  session.lines.push_back(line);
  media.declare({}, std::make_shared<const SessionFacts>(session), false);
  EXPECT_EQ(media.take_changes(0).size(), 1U);
  media.use_dtmf({});
  EXPECT_TRUE(media.take_changes(0).empty());
  media.use_dtmf({.mask = false});
  const auto changes = media.take_changes(0);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].operation, BindOperation::kBind);
  EXPECT_EQ(changes[0].binding.dtmf, BoundDtmfTypes{});
  media.use_dtmf({});
  ASSERT_EQ(media.take_changes(0).size(), 1U);
}

}  // namespace
}  // namespace tapdeck::calls
