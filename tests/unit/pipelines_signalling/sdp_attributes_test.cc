#include "pipelines/signalling/sdp_attributes.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

class SdpAttributesTest : public ::testing::Test {
 protected:
  // One audio m-line with `lines` under it and `session` above it.
  const SdpMedia& parse(const std::string& lines, const std::string& session = "") {
    text_ = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n" + session +
            "m=audio 4000 RTP/AVP 0 96 101\r\n" + lines;
    verdict_ = parse_sdp(text_, *sdp_);
    return sdp_->media[0];
  }

  std::string text_;
  SdpVerdict verdict_ = SdpVerdict::kOk;
  std::unique_ptr<Sdp> sdp_ = std::make_unique<Sdp>();
};

TEST_F(SdpAttributesTest, RtpmapFmtpAndPtime) {
  const SdpMedia& media = parse(
      "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=fmtp:101 0-15\r\na=ptime:20.0\r\n"
      "a=maxptime:60\r\n");
  EXPECT_EQ(verdict_, SdpVerdict::kOk);
  const SdpFormat& opus = sdp_->format(media, 1);
  EXPECT_EQ(opus.encoding, "opus");
  EXPECT_EQ(opus.clock_rate_hz, 48'000u);
  EXPECT_EQ(opus.channels, 2);
  EXPECT_EQ(opus.fmtp, "useinbandfec=1");
  EXPECT_EQ(sdp_->format(media, 2).fmtp, "0-15");
  EXPECT_EQ(media.ptime_ms, 20);
  EXPECT_EQ(media.maxptime_ms, 60);
}

TEST_F(SdpAttributesTest, UnreadableAttributesChangeNothing) {
  const SdpMedia& media =
      parse("a=rtpmap:96 opus\r\na=rtpmap:300 x/1\r\na=rtcp:x\r\na=ptime:y\r\n");
  EXPECT_EQ(verdict_, SdpVerdict::kRepaired);
  EXPECT_EQ(sdp_->format(media, 1).encoding, "");
  EXPECT_EQ(media.rtcp_port, 4001);
  EXPECT_EQ(media.ptime_ms, 0);
}

TEST_F(SdpAttributesTest, RtcpPortAndAddress) {
  const SdpMedia& media = parse("a=rtcp:53020 IN IP4 192.0.2.7\r\n");
  EXPECT_EQ(media.rtcp_port, 53020);
  EXPECT_EQ(media.rtcp_ip, make_ipv4(0xC0000207));
  const SdpMedia& mux = parse("a=rtcp-mux\r\n");
  EXPECT_TRUE(mux.rtcp_mux);
  EXPECT_EQ(mux.rtcp_port, 4000);
}

TEST_F(SdpAttributesTest, SessionDefaultsAreOverridden) {
  EXPECT_EQ(parse("", "a=inactive\r\na=setup:passive\r\n").direction, Direction::kInactive);
  const SdpMedia& media = parse("a=sendrecv\r\na=setup:active\r\n", "a=inactive\r\na=setup:x\r\n");
  EXPECT_EQ(media.direction, Direction::kSendRecv);
  EXPECT_EQ(media.setup, "active");
}

TEST_F(SdpAttributesTest, EncryptionIsSeenWhereverItStands) {
  EXPECT_FALSE(parse("").is_encrypted);
  EXPECT_TRUE(parse("", "a=fingerprint:sha-256 AA\r\n").is_encrypted);
  EXPECT_TRUE(parse("", "a=key-mgmt:mikey AQ==\r\n").has_key_mgmt);
  const SdpMedia& crypto = parse("a=crypto:1 X inline:a\r\na=crypto:2 Y inline:b\r\n");
  EXPECT_EQ(crypto.crypto_count, 2);
  EXPECT_TRUE(crypto.is_encrypted);
}

TEST_F(SdpAttributesTest, CandidatesSsrcsAndNames) {
  const SdpMedia& media = parse(
      "a=candidate:1 1 UDP 2130706431 192.0.2.3 8998 typ host\r\n"
      "a=candidate:2 2 udp 1694498815 2001:db8::3 45664 typ srflx raddr 10.0.1.1 rport 8998\r\n"
      "a=candidate:3 1 TCP 1 192.0.2.3 9 typ host tcptype active\r\n"
      "a=candidate:4 1 UDP 1 x.local 9 typ host\r\n"
      "a=ssrc:4000000001 cname:x\r\na=ssrc:4000000001 msid:y\r\na=ssrc:7 cname:x\r\n"
      "a=mid:0\r\na=label:left\r\n",
      "a=group:BUNDLE 0 1\r\n");
  ASSERT_EQ(sdp_->candidate_count, 2u);
  EXPECT_EQ(sdp_->candidates[0].type, CandidateType::kHost);
  EXPECT_EQ(sdp_->candidates[0].endpoint.port, 8998);
  EXPECT_EQ(sdp_->candidates[1].component, 2);
  EXPECT_EQ(sdp_->candidates[1].type, CandidateType::kServerReflexive);
  ASSERT_EQ(media.ssrc_count, 2);
  EXPECT_EQ(media.ssrcs[0], 4'000'000'001u);
  EXPECT_EQ(media.mid, "0");
  EXPECT_EQ(media.label, "left");
  EXPECT_EQ(sdp_->bundle, "0 1");
}

}  // namespace
}  // namespace tapdeck::sip
