#include "pipelines/signalling/body.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

class BodyTest : public ::testing::Test {
 protected:
  BodySdp find(const std::string& headers, const std::string& body) {
    text_ =
        "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\n"
        "To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n" +
        headers + "\r\n" + body;
    EXPECT_EQ(parse(as_bytes(text_), message_), ParseVerdict::kOk);
    return find_sdp(message_);
  }

  std::string text_;
  Message message_;
};

TEST_F(BodyTest, DirectSdp) {
  EXPECT_EQ(find("c: Application/SDP;charset=x\r\n", "v=0\r\n").place, SdpPlace::kDirect);
  EXPECT_EQ(find("", "v=0\r\n").place, SdpPlace::kDirect);
  EXPECT_EQ(find("", "hello").place, SdpPlace::kNone);
  EXPECT_EQ(find("Content-Type: text/plain\r\n", "v=0\r\n").place, SdpPlace::kNone);
  EXPECT_EQ(find("Content-Type: application/sdp\r\n", "").place, SdpPlace::kNone);
  const BodySdp encoded = find("Content-Type: application/sdp\r\ne: gzip\r\n", "zzz");
  EXPECT_EQ(encoded.place, SdpPlace::kEncoded);
  EXPECT_EQ(encoded.encoding, "gzip");
}

TEST_F(BodyTest, PartOfAMultipart) {
  const BodySdp sdp = find("Content-Type: multipart/mixed;boundary=\"b1\"\r\n",
                           "preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\n--b11\r\nhi\r\n"
                           "--b1 \r\nContent-Type:\r\n application/sdp\r\n\r\nv=0\r\ns=-\r\n\r\n"
                           "--b1--\r\nepilogue");
  EXPECT_EQ(sdp.place, SdpPlace::kMultipart);
  EXPECT_EQ(sdp.text, "v=0\r\ns=-\r\n");
}

TEST_F(BodyTest, NestedOnceAndNoDeeper) {
  const auto wrap = [](const std::string& inner, const std::string& boundary) {
    return "--" + boundary + "\r\n" + inner + "\r\n--" + boundary + "--\r\n";
  };
  const std::string sdp = "Content-Type: application/sdp\r\n\r\nv=0\r\n";
  const std::string twice =
      "Content-Type: multipart/alternative;boundary=in\r\n\r\n" + wrap(sdp, "in");
  EXPECT_EQ(find("Content-Type: multipart/related;boundary=out\r\n", wrap(twice, "out")).place,
            SdpPlace::kMultipart);
  const std::string thrice = "Content-Type: multipart/mixed;boundary=m\r\n\r\n" + wrap(twice, "m");
  EXPECT_EQ(find("Content-Type: multipart/related;boundary=out\r\n", wrap(thrice, "out")).place,
            SdpPlace::kNone);
}

TEST_F(BodyTest, BrokenAndUnclosedMultiparts) {
  EXPECT_EQ(find("Content-Type: multipart/mixed\r\n", "--b\r\n\r\nx").place, SdpPlace::kBroken);
  EXPECT_EQ(find("Content-Type: multipart/mixed;boundary=b\r\n", "nothing").place,
            SdpPlace::kBroken);
  const BodySdp open = find("Content-Type: multipart/mixed;boundary=b\r\n",
                            "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n");
  EXPECT_EQ(open.place, SdpPlace::kMultipart);
  EXPECT_EQ(open.text, "v=0\r\n");
}

TEST_F(BodyTest, Base64PartCannotBeRead) {
  EXPECT_EQ(find("Content-Type: multipart/mixed;boundary=b\r\n",
                 "--b\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                 "dj0w\r\n--b--\r\n")
                .place,
            SdpPlace::kEncoded);
}

TEST_F(BodyTest, MetadataOfARecordingSession) {
  const auto found = [this](const std::string& headers, const std::string& body) {
    find(headers, body);
    return find_recording_metadata(message_);
  };
  const std::string mixed = "Content-Type: multipart/mixed;boundary=b1\r\n";
  const std::string sdp_part = "--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n";
  EXPECT_EQ(
      found(mixed,
            sdp_part + "--b1\r\nContent-Type: application/rs-metadata+xml\r\n\r\n<a/>\r\n--b1--"),
      "<a/>");
  EXPECT_EQ(found(mixed, "--b1\r\nContent-Type:application/rs-metadata\r\n\r\n<a/>"), "<a/>");
  EXPECT_EQ(found("Content-Type: application/rs-metadata+xml\r\n", "<a/>"), "<a/>");
  EXPECT_EQ(found(mixed,
                  "--b1\r\nContent-Type: application/rs-metadata\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\nPGEvPg=="),
            "");
  EXPECT_FALSE(found(mixed, sdp_part + "--b1--"));
  EXPECT_FALSE(found("Content-Type: application/rs-metadata-request\r\n", "<a/>"));
  EXPECT_FALSE(found("", "<a/>"));
}

}  // namespace
}  // namespace tapdeck::sip
