#include "pipelines/signalling/sdp.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

class SdpTest : public ::testing::Test {
 protected:
  SdpVerdict parse(const std::string& text) {
    text_ = text;
    return parse_sdp(text_, *sdp_);
  }

  std::string text_;
  std::unique_ptr<Sdp> sdp_ = std::make_unique<Sdp>();
};

const std::string kSessionHead = "v=0\r\no=alice 28 42 IN IP4 192.0.2.1\r\ns=-\r\n";

TEST_F(SdpTest, SessionAndMediaLevelConnection) {
  ASSERT_EQ(parse(kSessionHead +
                  "c=IN IP4 192.0.2.1/127\r\nt=0 0\r\na=sendonly\r\n"
                  "m=audio 49170/2 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
                  "m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::5\r\na=recvonly\r\n"),
            SdpVerdict::kOk);
  EXPECT_EQ(sdp_->session_id, 28u);
  EXPECT_EQ(sdp_->session_version, 42u);
  ASSERT_EQ(sdp_->media_count, 2u);
  const SdpMedia& audio = sdp_->media[0];
  EXPECT_EQ(audio.kind, MediaKind::kAudio);
  EXPECT_EQ(audio.port, 49170);
  EXPECT_EQ(audio.port_count, 2);
  EXPECT_EQ(audio.address, "192.0.2.1");
  EXPECT_EQ(audio.ip, make_ipv4(0xC0000201));
  EXPECT_EQ(audio.direction, Direction::kSendOnly);
  EXPECT_TRUE(audio.on_hold);
  EXPECT_EQ(audio.rtcp_port, 49171);
  ASSERT_EQ(audio.format_count, 3);
  EXPECT_EQ(sdp_->format(audio, 1).encoding, "PCMA");
  EXPECT_EQ(sdp_->format(audio, 2).encoding, "telephone-event");
  const SdpMedia& video = sdp_->media[1];
  EXPECT_EQ(video.port, 0);
  EXPECT_EQ(video.address, "2001:db8::5");
  EXPECT_EQ(video.direction, Direction::kRecvOnly);
  EXPECT_FALSE(video.on_hold);
  EXPECT_TRUE(video.lines.starts_with("m=video"));
}

TEST_F(SdpTest, OldHoldIsTheZeroAddress) {
  ASSERT_EQ(parse(kSessionHead + "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n"),
            SdpVerdict::kOk);
  EXPECT_TRUE(sdp_->media[0].on_hold);
}

TEST_F(SdpTest, HostNamesHaveNoAddress) {
  ASSERT_EQ(parse(kSessionHead + "c=IN IP4 media.example.com\r\nm=audio 4000 RTP/AVP 0\r\n"),
            SdpVerdict::kOk);
  EXPECT_EQ(sdp_->media[0].address, "media.example.com");
  EXPECT_FALSE(sdp_->media[0].ip);
}

TEST_F(SdpTest, BadMediaKeepsItsPlace) {
  ASSERT_EQ(
      parse(kSessionHead + "c=IN IP4 192.0.2.1\r\nm=video x RTP/AVP 31\r\nm=audio 4 RTP/AVP 0\r\n"),
      SdpVerdict::kRepaired);
  ASSERT_EQ(sdp_->media_count, 2u);
  EXPECT_EQ(sdp_->media[0].port, 0);
  EXPECT_EQ(sdp_->media[1].port, 4);
  EXPECT_EQ(parse(kSessionHead + "m=audio 70000 RTP/AVP 0\r\n"), SdpVerdict::kBadMedia);
}

TEST_F(SdpTest, FaxOverUdptl) {
  ASSERT_EQ(parse(kSessionHead + "c=IN IP4 192.0.2.1\r\nm=image 5000 udptl t38\r\n"),
            SdpVerdict::kOk);
  EXPECT_EQ(sdp_->media[0].kind, MediaKind::kFax);
  EXPECT_EQ(sdp_->format(sdp_->media[0], 0).payload_type, -1);
}

TEST_F(SdpTest, BoundsHoldAndAreTold) {
  std::string text = kSessionHead + "c=IN IP4 192.0.2.1\r\n";
  for (std::size_t i = 0; i < kSdpMediaMax + 3; ++i) {
    text += "m=audio " + std::to_string(1000 + 2 * i) + " RTP/AVP 0\r\na=sendonly\r\n";
  }
  EXPECT_EQ(parse(text), SdpVerdict::kRepaired);
  EXPECT_TRUE(sdp_->truncated);
  EXPECT_EQ(sdp_->media_count, kSdpMediaMax);
  EXPECT_EQ(sdp_->media[kSdpMediaMax - 1].port, 1000 + 2 * (kSdpMediaMax - 1));
  std::string formats = kSessionHead + "m=audio 4 RTP/AVP";
  for (std::size_t i = 0; i < kSdpFormatsPerMediaMax + 1; ++i) formats += " " + std::to_string(i);
  EXPECT_EQ(parse(formats), SdpVerdict::kRepaired);
  EXPECT_EQ(sdp_->media[0].format_count, kSdpFormatsPerMediaMax);
}

TEST_F(SdpTest, VerdictsOfWhatIsNotSdp) {
  EXPECT_EQ(parse(""), SdpVerdict::kEmpty);
  EXPECT_EQ(parse("\r\n \r\n"), SdpVerdict::kEmpty);
  EXPECT_EQ(parse("hello"), SdpVerdict::kNotSdp);
  EXPECT_EQ(parse("v=1\r\n"), SdpVerdict::kNotSdp);
  EXPECT_EQ(parse(kSessionHead), SdpVerdict::kNoMedia);
  EXPECT_EQ(parse(kSessionHead + "broken line\r\nm=audio 4 RTP/AVP 0\r\n"), SdpVerdict::kRepaired);
  EXPECT_EQ(parse("v=0\n" + std::string(70'000, 'a')), SdpVerdict::kTooLong);
}

}  // namespace
}  // namespace tapdeck::sip
