// Media rows from stream reports.
#include "pipelines/calls/stream_book.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

TEST(StreamBook, RowsAreSortedAndNamedByTheReceiversPayloads) {
  Scenario play;
  const Line offer{.formats = "96", .attributes = "a=rtpmap:96 speex/8000\r\n"};
  const Line answer{.ip = "10.0.0.2",
                    .port = 5000,
                    .formats = "97 96",
                    .attributes = "a=rtpmap:97 speex/8000\r\na=rtpmap:96 iLBC/8000\r\n"};
  play.from_caller(0, {.sdp = sdp({offer})});
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({answer})});
  Rtp to_callee = caller_stream(4, 12);
  to_callee.payload_type = 96;
  Rtp to_caller = callee_stream(3, 12);
  to_caller.payload_type = 96;
  play.stream(5, to_callee);
  to_callee.packets = 150;
  to_callee.expected = 150;
  play.stream(12, to_callee);
  play.stream(12, to_caller);
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.media.size(), 2U) << "a later report replaces an earlier one";
  EXPECT_EQ(call.media[0].party, 1) << "who does not receive it sends it";
  EXPECT_EQ(call.media[0].codec, "speex");
  EXPECT_EQ(call.media[1].party, 0);
  EXPECT_EQ(call.media[1].codec, "iLBC") << "96 is what the callee declared it to be";
  EXPECT_EQ(call.media[1].packets, 150U);
  EXPECT_FALSE(call.media[1].mos_est);
}

TEST(StreamBook, MoreStreamsThanHaveRowsAreCounted) {
  Scenario play;
  play.establish();
  for (std::uint32_t ssrc = 0; ssrc < kStreamsMax + 3; ++ssrc) {
    Rtp stream = caller_stream(4, 5);
    stream.ssrc = ssrc;
    play.stream(5, stream);
  }
  play.hang_up(6, true);
  play.finish(7);
  EXPECT_EQ(play.rejected("report_without_row"), 3U);
}

TEST(StreamBook, LossLowersTheEstimateButNotOurOwnLoss) {
  Scenario play;
  play.establish();
  Rtp clean = caller_stream(3, 13);
  clean.lost_by_us = 50;
  Rtp lossy = callee_stream(3.1, 13);
  lossy.expected = 110;
  play.stream(12, clean);
  play.stream(12, lossy);
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.media.size(), 2U);
  EXPECT_NEAR(*call.media[0].mos_est, 4.41, 0.01);
  EXPECT_LT(*call.media[1].mos_est, 2.0);
  EXPECT_EQ(call.media[1].lost, 10);
}

TEST(StreamBook, SeveralLinesOnOneAddressAreToldApartByPayloadType) {
  Scenario play;
  const std::string h264 = "a=rtpmap:96 H264/90000\r\n";
  const Line offer{.media = "video", .formats = "96", .attributes = h264};
  Line answer = offer;
  answer.ip = "10.0.0.2";
  answer.port = 5000;
  play.from_caller(0, {.sdp = sdp({{}, offer})});
  play.from_callee(3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line(), answer})});
  Rtp video = caller_stream(3.1, 13);
  video.payload_type = 96;
  video.ssrc = 0xc;
  play.stream(12, caller_stream(3, 13));
  play.stream(12, video);
  play.hang_up(13, true);
  play.finish(20);
  const CallRecord call = play.final_record();
  ASSERT_EQ(call.media.size(), 2U);
  EXPECT_EQ(call.media[0].kind, MediaKind::kAudio);
  EXPECT_EQ(call.media[0].codec, "PCMU");
  EXPECT_EQ(call.media[1].kind, MediaKind::kVideo);
  EXPECT_EQ(call.media[1].codec, "H264");
  EXPECT_EQ(call.media[1].clock_rate_hz, 90'000U);
}

TEST(StreamBook, RtcpIsASignOfLifeAndNoStream) {
  StreamBook book;
  StreamReport report;
  report.kind = StreamReportKind::kRtcp;
  report.rtcp.is_sign = true;
  report.rtcp.time_ns = at_ns(7);
  EXPECT_TRUE(book.take(report));
  report.rtcp.time_ns = at_ns(6);
  EXPECT_TRUE(book.take(report));
  EXPECT_EQ(book.last_rtcp_ns(), at_ns(7));
  EXPECT_EQ(book.last_ns(), 0);
  EXPECT_TRUE(book.empty());
}

}  // namespace
}  // namespace tapdeck::calls
