#include "apps/media_return.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/tunnel_builder.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::apps {
namespace {

using engine::ReassemblyCount;
using testing::Bytes;

constexpr std::uint32_t kSlots = 8;

class MediaReturnTest : public ::testing::Test {
 protected:
  explicit MediaReturnTest(std::uint16_t workers = 2) {
    engine::test_eal();
    for (std::uint16_t worker = 0; worker < workers; ++worker) {
      auto rings = engine::WorkerRings::create({.worker = worker,
                                                .chunk_count = 8,
                                                .chunk_slots = 8,
                                                .small_messages = 7,
                                                .large_messages = 3,
                                                .returned_slots = kSlots});
      TD_ASSERT(rings.has_value());
      rings_.push_back(std::make_unique<engine::WorkerRings>(std::move(*rings)));
      pointers_.push_back(rings_.back().get());
    }
    media_ = std::make_unique<MediaReturn>(pointers_, counters_);
  }

  static SignalMessage packet_of(const Bytes& payload, SignalKind kind) {
    SignalMessage packet;
    packet.time_ns = 42;
    packet.source = *parse_endpoint("10.0.0.1:4000");
    packet.destination = *parse_endpoint("10.0.0.2:5000");
    packet.realm = 3;
    packet.kind = kind;
    packet.bytes = payload.data();
    packet.length = static_cast<std::uint32_t>(payload.size());
    return packet;
  }

  static Bytes rtp(std::uint8_t ssrc, std::size_t length = 100) {
    Bytes payload(length, 0xd5);
    payload[0] = 0x80;
    payload[1] = 0;
    for (std::size_t i = 8; i < 11; ++i) payload[i] = 0;
    payload[11] = ssrc;
    return payload;
  }

  // Where the next packet of this stream came out, with that many others before it nowhere.
  std::size_t way_of(std::uint8_t ssrc, std::uint16_t queue) {
    const Bytes payload = rtp(ssrc);
    media_->give(packet_of(payload, SignalKind::kRtp), queue);
    for (std::size_t worker = 0; worker < rings_.size(); ++worker) {
      if (SignalMessage* message = rings_[worker]->returned().pop()) {
        engine::WorkerRings::release(message);
        return worker;
      }
    }
    return rings_.size();
  }

  void report(std::uint8_t ssrc, std::uint16_t worker) {
    StreamReport report;
    report.worker = worker;
    report.realm = 3;
    report.source = *parse_endpoint("10.0.0.1:4000");
    report.destination = *parse_endpoint("10.0.0.2:5000");
    report.ssrc = ssrc;
    media_->observe(report);
  }

  engine::ReassemblyCounters counters_;
  std::vector<std::unique_ptr<engine::WorkerRings>> rings_;
  std::vector<engine::WorkerRings*> pointers_;
  std::unique_ptr<MediaReturn> media_;
};

TEST_F(MediaReturnTest, APacketArrivesAsItWas) {
  const Bytes payload = rtp(1);
  media_->give(packet_of(payload, SignalKind::kRtp), 1);
  SignalMessage* message = rings_[1]->returned().pop();
  ASSERT_NE(message, nullptr);
  EXPECT_TRUE(std::ranges::equal(message->view(), payload));
  EXPECT_NE(message->bytes, payload.data());
  EXPECT_EQ(message->time_ns, 42);
  EXPECT_EQ(message->realm, 3);
  EXPECT_EQ(to_string(message->source), "10.0.0.1:4000");
  EXPECT_EQ(message->kind, SignalKind::kRtp);
  EXPECT_EQ(message->missing_bytes, 0U);
  engine::WorkerRings::release(message);
}

TEST_F(MediaReturnTest, WhatIsTooLongToBeRecordedArrivesCut) {
  const Bytes payload = rtp(1, 20'000);
  media_->give(packet_of(payload, SignalKind::kRtp), 0);
  SignalMessage* message = rings_[0]->returned().pop();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->length, engine::kReturnedBytesMax);
  EXPECT_EQ(message->length + message->missing_bytes, 20'000U);
  engine::WorkerRings::release(message);
}

TEST_F(MediaReturnTest, AFullWayLosesPacketsAndCountsThem) {
  const Bytes payload = rtp(1);
  for (std::uint32_t i = 0; i < kSlots + 2; ++i) {
    media_->give(packet_of(payload, SignalKind::kRtp), 0);
  }
  EXPECT_EQ(counters_.value(ReassemblyCount::kMediaLost), 3U);
}

TEST_F(MediaReturnTest, AStreamGoesWhereItsOtherPacketsAre) {
  EXPECT_EQ(way_of(1, 0), 0U);
  EXPECT_EQ(way_of(1, 1), 0U) << "by its first packet";
  report(1, 0);
  report(2, 1);
  EXPECT_EQ(way_of(1, 0), 0U) << "that worker has only what was sent to it";
  report(1, 1);
  EXPECT_EQ(way_of(1, 0), 1U);
  report(1, 0);
  EXPECT_EQ(way_of(1, 0), 1U) << "a first worker's last words move nothing";
}

TEST_F(MediaReturnTest, TheStreamUnusedForLongestIsForgotten) {
  EXPECT_EQ(way_of(1, 0), 0U);
  report(1, 1);
  EXPECT_EQ(way_of(1, 0), 1U);
  Bytes payload = rtp(0);
  for (std::size_t i = 0; i < kReturnedStreamsMax; ++i) {
    payload[8] = 1;
    payload[9] = static_cast<std::uint8_t>(i >> 8);
    payload[10] = static_cast<std::uint8_t>(i);
    media_->give(packet_of(payload, SignalKind::kRtp), 0);
    if (SignalMessage* message = rings_[0]->returned().pop()) {
      engine::WorkerRings::release(message);
    }
    if (i == 10) {
      EXPECT_EQ(way_of(1, 0), 1U);
    }
  }
  EXPECT_EQ(counters_.value(ReassemblyCount::kMediaForgotten), 1U);
  EXPECT_EQ(way_of(1, 0), 1U) << "another one was unused for longer";
}

TEST_F(MediaReturnTest, RtcpMustBeRtcp) {
  const Bytes report{0x80, 201, 0, 1, 0, 0, 0, 7};
  EXPECT_TRUE(media_->give_rtcp(packet_of(report, SignalKind::kMessage)));
  SignalMessage* message = rings_[0]->returned().pop();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->kind, SignalKind::kRtcp);
  engine::WorkerRings::release(message);
  EXPECT_FALSE(media_->give_rtcp(packet_of(rtp(1), SignalKind::kMessage)));
  for (std::uint32_t i = 0; i < kSlots - 1; ++i) {
    EXPECT_TRUE(media_->give_rtcp(packet_of(report, SignalKind::kMessage)));
  }
  EXPECT_FALSE(media_->give_rtcp(packet_of(report, SignalKind::kMessage)));
}

class OneWorkerTest : public MediaReturnTest {
 protected:
  OneWorkerTest() : MediaReturnTest(1) {}
};

TEST_F(OneWorkerTest, OneWorkerHasEverything) {
  EXPECT_EQ(media_->queue_of(testing::ipv4(17, testing::udp(4'000, rtp(1)))), 0U);
  EXPECT_EQ(way_of(1, 0), 0U);
}

}  // namespace
}  // namespace tapdeck::apps
