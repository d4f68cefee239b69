// T.38 in datagrams: which addresses workers are told, and what becomes of the call.
#include <algorithm>

#include <gtest/gtest.h>

#include "pipelines/calls/offer_answer.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

using Strings = std::vector<std::string>;

Line image(const std::string& ip, int port, const std::string& proto = "udptl") {
  return {.media = "image", .ip = ip, .port = port, .formats = "t38", .proto = proto};
}

Scenario::Renegotiation fax(int cseq = 2) {
  return {.cseq = cseq, .offer = image("10.0.0.1", 4002), .answer = image("10.0.0.2", 5002)};
}

Rtp fax_stream(double first, double last) {
  Rtp stream = caller_stream(first, last);
  stream.source = "10.0.0.1:4002";
  stream.destination = "10.0.0.2:5002";
  stream.kind = MediaKind::kFax;
  stream.ssrc = 0;
  return stream;
}

TEST(OfferAnswerFax, AgreedLinesAreBoundWithoutRtp) {
  Scenario play;
  play.establish();
  const std::size_t before = play.binds.size();
  play.renegotiate(5, fax());
  const auto bound = [&play](const std::string& address) {
    const auto at = std::find_if(play.binds.rbegin(), play.binds.rend(), [&](const auto& message) {
      return to_string(message.address) == address;
    });
    return at == play.binds.rend() ? BindMessage{} : *at;
  };
  EXPECT_EQ(play.binds.size(), before + 4) << "two are given up, two are new";
  for (const char* address : {"10.0.0.1:4002", "10.0.0.2:5002"}) {
    const BindMessage message = bound(address);
    EXPECT_EQ(message.operation, BindOperation::kBind);
    EXPECT_EQ(message.kind, MediaKind::kFax);
    EXPECT_TRUE(message.fax && message.no_rtp);
  }
  EXPECT_EQ(bound("10.0.0.1:4000").operation, BindOperation::kUnbind);
  play.renegotiate(8, {.cseq = 3});
  EXPECT_EQ(bound("10.0.0.1:4002").operation, BindOperation::kUnbind);
  EXPECT_FALSE(bound("10.0.0.1:4000").fax);
}

TEST(OfferAnswerFax, WhatIsOnlyOfferedRefusedOrOverTcpIsNone) {
  Scenario play;
  play.establish();
  const Strings before = play.bindings();
  Sip offer{.cseq = 2, .to_tag = "bob", .branch = "z9hG4bKfax"};
  offer.sdp = sdp({{}, image("10.0.0.1", 4002)});
  play.from_caller(5, offer);
  EXPECT_EQ(play.bindings(), before);
  offer.status = 200;
  offer.sdp = sdp({callee_line(), image("10.0.0.2", 0)});
  play.from_callee(6, offer);
  EXPECT_EQ(play.bindings(), before) << "declined";
  offer = {.cseq = 3, .to_tag = "bob", .branch = "z9hG4bKtcp"};
  offer.sdp = sdp({{}, image("10.0.0.1", 4002, "TCP")});
  play.from_caller(7, offer);
  offer.status = 200;
  offer.sdp = sdp({callee_line(), image("10.0.0.2", 5002, "TCP")});
  play.from_callee(8, offer);
  EXPECT_EQ(play.bindings(), before);
}

TEST(OfferAnswerFax, AnAddressMayHaveBoth) {
  Scenario play;
  Sip invite{.sdp = sdp({{}, image("10.0.0.1", 4000)})};
  play.from_caller(0, invite);
  play.from_callee(
      1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line(), image("10.0.0.2", 5002)})});
  const BindMessage* both = nullptr;
  for (const BindMessage& message : play.binds) {
    if (to_string(message.address) == "10.0.0.1:4000") both = &message;
  }
  ASSERT_NE(both, nullptr);
  EXPECT_TRUE(both->fax);
  EXPECT_FALSE(both->no_rtp);
  EXPECT_EQ(both->kind, MediaKind::kAudio);
}

TEST(OfferAnswerFax, TheAudioBeforeIsWholeAndTheFaxHasItsRow) {
  Scenario play;
  play.establish();
  play.stream(5, caller_stream(3, 5));
  play.stream(5, callee_stream(3, 5));
  play.renegotiate(5, fax());
  Rtp sent = fax_stream(6, 29);
  sent.packets = 102;
  sent.duplicates = 5;
  play.stream(29, sent);
  play.hang_up(30, true);
  play.finish(40);
  const CallRecord call = play.final_record();
  EXPECT_EQ(call.recording.state, RecordingState::kRecorded);
  EXPECT_TRUE(call.recording.gaps.empty());
  EXPECT_EQ(call.recording.duration_ms, 2000);
  ASSERT_EQ(call.media.size(), 3U);
  const MediaRecord& row = call.media[2];
  EXPECT_TRUE(row.is_datagrams());
  EXPECT_EQ(row.kind, MediaKind::kFax);
  EXPECT_EQ(row.codec, "t38");
  EXPECT_EQ(row.lost, 3) << "what came twice makes up for nothing";
  EXPECT_FALSE(row.payload_type || row.jitter_ms || row.mos_est || row.srtp);
}

TEST(OfferAnswerFax, NothingButAFaxIsNoRecording) {
  Scenario play;
  play.from_caller(0, {.sdp = sdp({image("10.0.0.1", 4002)})});
  play.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({image("10.0.0.2", 5002)})});
  play.stream(9, fax_stream(2, 9));
  play.hang_up(10, true);
  play.finish(20);
  const RecordingInfo recording = play.final_record().recording;
  EXPECT_EQ(recording.state, RecordingState::kNotRecorded);
  EXPECT_EQ(recording.reasons, std::vector{RecordingReason::kUnknownCodec});
  EXPECT_EQ(recording.duration_ms, 0);
}

TEST(OfferAnswerFax, ItIsASignOfLife) {
  CallPlaneOptions options;
  options.dialog_idle_ns = 60'000'000'000;
  for (const bool sends : {false, true}) {
    Scenario play(options);
    play.establish();
    play.renegotiate(5, fax());
    for (int at = 30; sends && at < 200; at += 30) {
      Rtp sent = fax_stream(6, at);
      sent.packets = static_cast<std::uint64_t>(at);
      play.stream(at, sent);
    }
    play.advance(200);
    play.hang_up(201, true);
    play.finish(220);
    EXPECT_EQ(play.final_record().end_reason, sends ? EndReason::kBye : EndReason::kSessionExpired);
  }
}

TEST(OfferAnswerFax, WhereItComesFromIsLearntForAFax) {
  Scenario play;
  play.establish();
  play.renegotiate(5, fax());
  Rtp translated = fax_stream(6, 7);
  translated.source = "203.0.113.9:61000";
  translated.sender = kNoParty;
  play.stream(7, translated);
  const BindMessage& last = play.binds.back();
  EXPECT_EQ(to_string(last.address), "203.0.113.9:61000");
  EXPECT_TRUE(last.learnt && last.fax && last.no_rtp);
}

}  // namespace
}  // namespace tapdeck::calls
