#include "pipelines/signalling/siprec_metadata.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
    "<recording xmlns=\"urn:ietf:params:xml:ns:recording:1\">";

class SiprecMetadataTest : public ::testing::Test {
 protected:
  MetadataVerdict read(const std::string& content) {
    return read_recording_metadata(kHead + content + "</recording>", metadata_);
  }

  RecordingMetadata metadata_;
};

TEST_F(SiprecMetadataTest, AsTheRfcHasIt) {
  EXPECT_EQ(read("<datamode>complete</datamode><session session_id=\"s\"><sipSessionID>"
                 "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2"
                 "</sipSessionID></session>"
                 "<participant participant_id=\"p1\"><nameID aor=\"sip:+4930111@x\">"
                 "<name xml:lang=\"en\"> Alice &amp; B\xc3\xb6 </name></nameID></participant>"
                 "<participant participant_id=\"p2\"><nameID aor=\"sip:2@x\"/></participant>"
                 "<stream stream_id=\"t1\" session_id=\"s\"><label>96</label></stream>"
                 "<stream stream_id=\"t2\" session_id=\"s\"><label>97</label></stream>"
                 "<participantstreamassoc participant_id=\"p1\"><send>t1</send><recv>t2</recv>"
                 "</participantstreamassoc><participantstreamassoc participant_id=\"p2\">"
                 "<send>t2</send><recv>t1</recv></participantstreamassoc>"),
            MetadataVerdict::kOk);
  EXPECT_FALSE(metadata_.is_partial);
  ASSERT_EQ(metadata_.participants.size(), 2U);
  EXPECT_EQ(metadata_.participants[0].aor, "sip:+4930111@x");
  EXPECT_EQ(metadata_.participants[0].name, "Alice & B\xc3\xb6");
  EXPECT_EQ(metadata_.participants[0].sends, Texts{"t1"});
  EXPECT_EQ(metadata_.participants[1].sends, Texts{"t2"});
  EXPECT_TRUE(metadata_.participants[1].tells_streams);
  EXPECT_TRUE(metadata_.participants[1].name.empty());
  ASSERT_EQ(metadata_.streams.size(), 2U);
  EXPECT_EQ(metadata_.streams[1].id, "t2");
  EXPECT_EQ(metadata_.streams[1].label, "97");
  EXPECT_EQ(metadata_.session_id.substr(0, 8), "ab30317f");
}

TEST_F(SiprecMetadataTest, AnEarlyDraftHasTheStreamsWithinTheParticipant) {
  EXPECT_EQ(read("<participant id=\"p1\" session=\"s\"><nameID aor=\"sip:9000@x\"><name>9000</name>"
                 "</nameID><send>t1</send><extensiondata xmlns:apkt=\"urn:a\"><apkt:name>no"
                 "</apkt:name></extensiondata></participant>"
                 "<stream id=\"t1\" session=\"s\"><label>16777227</label><mode>separate</mode>"
                 "</stream>"),
            MetadataVerdict::kOk);
  ASSERT_EQ(metadata_.participants.size(), 1U);
  EXPECT_EQ(metadata_.participants[0].sends, Texts{"t1"});
  EXPECT_EQ(metadata_.participants[0].name, "9000");
  EXPECT_EQ(metadata_.streams[0].label, "16777227");
}

TEST_F(SiprecMetadataTest, IdentitiesMayBeElementsAndIdsAttributesOfAnyName) {
  EXPECT_EQ(read("<x:participant id=\"p1\"><x:name>Agent</x:name><x:aor>sip:7722@x;user=phone"
                 "</x:aor><x:aor>sip:other@x</x:aor></x:participant>"
                 "<participant id=\"p2\" name=\"Bob\"><aor>sip:bob@x</aor></participant>"
                 "<stream label=\"1\" streamid=\"t1\" type=\"audio\"/>"
                 "<participantstreamassoc id=\"a\"><participant>p2</participant>"
                 "<stream>t1</stream></participantstreamassoc>"),
            MetadataVerdict::kOk);
  ASSERT_EQ(metadata_.participants.size(), 2U);
  EXPECT_EQ(metadata_.participants[0].name, "Agent");
  EXPECT_EQ(metadata_.participants[0].aor, "sip:7722@x;user=phone");
  EXPECT_FALSE(metadata_.participants[0].tells_streams);
  EXPECT_EQ(metadata_.participants[1].name, "Bob");
  EXPECT_EQ(metadata_.participants[1].aor, "sip:bob@x");
  EXPECT_EQ(metadata_.participants[1].sends, Texts{"t1"});
  ASSERT_EQ(metadata_.streams.size(), 1U);
  EXPECT_EQ(metadata_.streams[0].label, "1");
}

TEST_F(SiprecMetadataTest, WhoLeavesIsTold) {
  EXPECT_EQ(read("<dataMode>Partial</dataMode>"
                 "<participantsessionassoc participant_id=\"p1\" session_id=\"a\">"
                 "<disassociate-time>2026-01-01T00:00:00Z</disassociate-time>"
                 "</participantsessionassoc>"
                 "<participantsessionassoc participant_id=\"p2\" session_id=\"a\">"
                 "<disassociate-time>2026-01-01T00:00:00Z</disassociate-time>"
                 "</participantsessionassoc>"
                 "<participantsessionassoc participant_id=\"p2\" session_id=\"b\"/>"
                 "<participantstreamassoc participant_id=\"p1\"><send>t1</send>"
                 "<disassociate-time>2026-01-01T00:00:00Z</disassociate-time>"
                 "</participantstreamassoc>"),
            MetadataVerdict::kOk);
  EXPECT_TRUE(metadata_.is_partial);
  ASSERT_EQ(metadata_.participants.size(), 2U);
  EXPECT_TRUE(metadata_.participants[0].has_left);
  EXPECT_TRUE(metadata_.participants[0].tells_streams);
  EXPECT_TRUE(metadata_.participants[0].sends.empty());
  EXPECT_FALSE(metadata_.participants[1].has_left) << "part of another call";
}

TEST_F(SiprecMetadataTest, SeveralCallsHaveNoSessionIdInCommon) {
  EXPECT_EQ(read("<session session_id=\"a\"><sipSessionID>1</sipSessionID></session>"
                 "<session session_id=\"b\"><sipSessionID>2</sipSessionID></session>"
                 "<session session_id=\"c\"><sipSessionID>2</sipSessionID></session>"),
            MetadataVerdict::kOk);
  EXPECT_TRUE(metadata_.session_id.empty());
}

TEST_F(SiprecMetadataTest, BrokenOnesTellNothing) {
  const std::string person = "<participant id=\"p\"><nameID aor=\"sip:1@x\"/></participant>";
  EXPECT_EQ(read(person + "<open>"), MetadataVerdict::kBroken);
  EXPECT_TRUE(metadata_.participants.empty());
  EXPECT_EQ(read_recording_metadata("", metadata_), MetadataVerdict::kBroken);
  EXPECT_EQ(read_recording_metadata("no XML", metadata_), MetadataVerdict::kBroken);
  EXPECT_EQ(read(person + "<x>&unknown;</x>"), MetadataVerdict::kBroken);
  EXPECT_EQ(read_recording_metadata(std::string(70'000, ' ') + kHead + "</recording>" + "<!--" +
                                        std::string(70'000, 'x') + "-->",
                                    metadata_),
            MetadataVerdict::kBroken);
}

TEST_F(SiprecMetadataTest, ADoctypeIsRefused) {
  EXPECT_EQ(read_recording_metadata("<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY a \"b\">]>"
                                    "<recording><participant id=\"p\"/></recording>",
                                    metadata_),
            MetadataVerdict::kBroken);
  EXPECT_EQ(
      read_recording_metadata("<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><recording/>", metadata_),
      MetadataVerdict::kBroken);
  EXPECT_TRUE(metadata_.participants.empty());
}

TEST_F(SiprecMetadataTest, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "<a>";
    text += "<b/>";
    for (std::size_t i = 0; i < depth; ++i) text += "</a>";
    return text;
  };
  EXPECT_EQ(read(nested(kMetadataDepthMax - 2)), MetadataVerdict::kOk);
  EXPECT_EQ(read(nested(kMetadataDepthMax - 1)), MetadataVerdict::kBroken);
  EXPECT_EQ(read(nested(1'000)), MetadataVerdict::kBroken);
}

TEST_F(SiprecMetadataTest, NumbersAndLengthsAreBounded) {
  std::string crowd;
  for (int i = 0; i < 100; ++i) {
    const std::string id = std::to_string(i);
    crowd += "<participant id=\"p" + id + "\"/><stream id=\"s" + id + "\"/>";
    crowd += "<participantstreamassoc participant_id=\"p1\"><send>s" + id +
             "</send></participantstreamassoc>";
  }
  EXPECT_EQ(read(crowd), MetadataVerdict::kCut);
  EXPECT_EQ(metadata_.participants.size(), kMetadataParticipantsMax);
  EXPECT_EQ(metadata_.streams.size(), kMetadataStreamsMax);
  EXPECT_EQ(metadata_.participants[1].sends.size(), kMetadataSendsMax);
  EXPECT_EQ(read("<participant id=\"p\"><nameID aor=\"" + std::string(5'000, 'a') + "\"><name>" +
                 std::string(5'000, 'n') + "</name></nameID></participant>"),
            MetadataVerdict::kCut);
  EXPECT_EQ(metadata_.participants[0].aor.size(), kMetadataTextMax);
  EXPECT_EQ(metadata_.participants[0].name.size(), kMetadataTextMax);
}

}  // namespace
}  // namespace tapdeck::sip
