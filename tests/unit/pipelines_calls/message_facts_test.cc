#include "pipelines/calls/message_facts.h"

#include <gtest/gtest.h>

#include "pipelines/signalling/siprec_metadata.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

TEST(MessageFacts, NumbersAreWithoutParametersAndSeparators) {
  Sip sip{.from = "\"A \\\"B\\\"\" <sip:+49(711)12-34;npdi@x>", .to = "<sip:john.doe@x>"};
  sip.headers =
      "P-Asserted-Identity: <sip:%2B491@x>\r\nDiversion: <tel:+49-30-1>;reason=unconditional\r\n";
  const std::string text = sip.text();
  FactsReader reader;
  const FactsResult result = reader.read(as_bytes(text));
  ASSERT_TRUE(result.facts);
  PersonReader person;
  EXPECT_EQ(person.read(result.facts->from).number, "+497111234");
  EXPECT_EQ(person.read(result.facts->from).name, "A \"B\"");
  EXPECT_EQ(person.read(result.facts->to).number, "john.doe");
  EXPECT_EQ(result.facts->asserted->number, "+491");
  EXPECT_EQ(result.facts->diverted_from, "+49301");
  EXPECT_EQ(result.facts->request_number, "200");
}

TEST(MessageFacts, TheContextOfALocalNumberIsKept) {
  Sip sip{.from = "<sip:7042;phone-context=+1-914@x;user=phone>",
          .to = "<tel:863-1234;phone-context=+1-(914)-555>"};
  sip.headers = "P-Asserted-Identity: <sip:1@x;phone-context=+49>\r\n";
  const std::string text = sip.text();
  FactsReader reader;
  const FactsResult result = reader.read(as_bytes(text));
  ASSERT_TRUE(result.facts);
  PersonReader reader_of_people;
  const PersonFacts from = reader_of_people.read(result.facts->from);
  EXPECT_EQ(from.number, "7042");
  EXPECT_EQ(from.context, "+1914");
  const PersonFacts to = reader_of_people.read(result.facts->to);
  EXPECT_EQ(to.number, "8631234");
  EXPECT_EQ(to.context, "+1914555");
  EXPECT_EQ(result.facts->asserted->context, "+49");
  EXPECT_EQ(result.facts->request_context, "x");
}

TEST(MessageFacts, MetadataOfRecordingSessionsIsThatOfInvitesAndUpdates) {
  constexpr const char* kType = "application/rs-metadata+xml";
  FactsReader reader;
  std::string text;
  const auto read = [&](const Sip& sip) {
    text = sip.text();
    return reader.read(as_bytes(text)).facts;
  };
  for (const char* method : {"INVITE", "UPDATE"}) {
    const MessageFacts* facts = read(
        {.method = method, .sdp = "<recording><participant id=\"a\"/></recording>", .type = kType});
    ASSERT_NE(facts->metadata, nullptr);
    EXPECT_EQ(facts->metadata->participants.size(), 1U);
    EXPECT_TRUE(facts->may_join_calls());
    EXPECT_FALSE(facts->metadata_trouble);
  }
  EXPECT_EQ(read({.method = "INFO", .sdp = "<recording/>", .type = kType})->metadata, nullptr);
  const MessageFacts* broken = read({.sdp = "<recording>", .type = kType});
  EXPECT_EQ(broken->metadata, nullptr);
  EXPECT_EQ(broken->metadata_trouble, SdpTrouble::kMetadataBroken);
  const MessageFacts* plain = read({.sdp = sdp({{}, {.attributes = "a=label:b\r\n"}})});
  EXPECT_EQ(plain->metadata, nullptr);
  EXPECT_EQ(plain->session->labels, (PoolVector<PoolString>{"", "b"}));
  EXPECT_TRUE(read({.sdp = sdp({{}})})->session->labels.empty());
}

TEST(MessageFacts, SessionHasWhatCanBeBound) {
  Sip sip;
  sip.sdp = sdp({{.formats = "8 101", .attributes = "a=rtpmap:101 telephone-event/8000\r\n"},
                 {.media = "image", .port = 5004, .formats = "t38", .proto = "udptl"},
                 {.ip = "0.0.0.0"}});
  const std::string text = sip.text();
  FactsReader reader;
  const FactsResult result = reader.read(as_bytes(text));
  ASSERT_TRUE(result.facts && result.facts->session);
  const auto& lines = result.facts->session->lines;
  ASSERT_EQ(lines.size(), 3U);
  ASSERT_EQ(lines[0].payloads.size(), 2U);
  EXPECT_EQ(lines[0].payloads[0].codec, "PCMA");
  EXPECT_EQ(lines[0].payloads[1].codec, "telephone-event");
  EXPECT_TRUE(lines[0].is_rtp);
  EXPECT_FALSE(lines[1].is_rtp);
  EXPECT_TRUE(lines[1].is_udptl);
  EXPECT_FALSE(lines[0].is_udptl);
  EXPECT_TRUE(lines[2].on_hold);
}

TEST(MessageFacts, TellsOfMediaWithoutAnAddress) {
  FactsReader reader;
  const auto trouble = [&](const Line& line) {
    Sip sip;
    sip.sdp = sdp({line});
    const std::string text = sip.text();
    return reader.read(as_bytes(text)).facts->sdp_trouble;
  };
  EXPECT_EQ(trouble({.ip = "media.example"}), SdpTrouble::kNoAddress);
  EXPECT_EQ(trouble({.ip = "media.example", .port = 0}), std::nullopt);
  EXPECT_EQ(trouble({.ip = "media.example",
                     .attributes = "a=candidate:1 1 UDP 1 192.0.2.1 4000 typ host\r\n"}),
            std::nullopt);
  EXPECT_EQ(trouble({}), std::nullopt);
}

TEST(MessageFacts, SaysWhyAMessageIsRejected) {
  FactsReader reader;
  const FactsResult result =
      reader.read(as_bytes("INVITE sip:x SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n"));
  EXPECT_FALSE(result.facts);
  EXPECT_EQ(result.verdict, sip::ParseVerdict::kMissingCallId);
}

}  // namespace
}  // namespace tapdeck::calls
