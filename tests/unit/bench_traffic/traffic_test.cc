// What the generator says of its traffic, against what is in the frames.
#include "bench/traffic/traffic.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bench/traffic/interface_feed.h"
#include "bench/traffic/ring_feed.h"
#include "engine/decode/classify.h"
#include "engine/decode/decode.h"
#include "engine/rtp/header.h"
#include "pipelines/signalling/message.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::traffic {
namespace {

using engine::Decoded;

TrafficOptions bad_network() {
  return {.seed = 5,
          .call_count = 40,
          .calls_per_second = 40,
          .talk_mean_s = 3,
          .retransmit_pct = 10,
          .loss_pct = 3,
          .duplicate_pct = 2,
          .reorder_pct = 2,
          .jitter_us = 2'000,
          .ssrc_change_pct = 30};
}

Decoded decoded(const Frame& frame) {
  Decoded out;
  engine::decode({.bytes = frame.bytes}, {}, out);
  EXPECT_TRUE(out.is_udp);
  return out;
}

TEST(Traffic, GivesFramesInOrderOfTime) {
  Traffic traffic(bad_network());
  Frame frame;
  std::int64_t last_ns = 0;
  std::uint64_t count = 0;
  for (; traffic.next(frame); ++count) {
    ASSERT_GE(frame.time_ns, last_ns);
    last_ns = frame.time_ns;
  }
  EXPECT_EQ(count, traffic.truth().packets);
  EXPECT_EQ(traffic.truth().packets, traffic.truth().rtp_packets + traffic.truth().sip_messages);
  EXPECT_EQ(traffic.truth().calls.size(), 40U);
}

TEST(Traffic, TruthIsWhatTheFramesHold) {
  Traffic traffic(bad_network());
  Frame frame;
  std::map<std::pair<std::string, std::uint32_t>, std::multiset<std::uint16_t>> numbers;
  while (traffic.next(frame)) {
    const Decoded packet = decoded(frame);
    engine::RtpHeader header;
    if (packet.destination.port == 5'060) continue;
    ASSERT_TRUE(engine::parse_rtp(packet.payload, packet.payload_length, header));
    numbers[{to_string(packet.destination), header.ssrc}].insert(header.sequence);
  }
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::int64_t lost = 0;
  for (const StreamTruth& row : traffic.truth().streams) {
    const auto& seen = numbers[{to_string(row.destination), row.ssrc}];
    const std::set<std::uint16_t> distinct(seen.begin(), seen.end());
    EXPECT_EQ(row.packets, seen.size());
    EXPECT_EQ(row.duplicated, seen.size() - distinct.size());
    duplicated += row.duplicated;
    reordered += row.reordered;
    lost += row.lost();
  }
  EXPECT_GT(duplicated, 0U);
  EXPECT_GT(reordered, 0U);
  EXPECT_GT(lost, 0);
}

TEST(Traffic, OneSeedGivesOneTraffic) {
  Traffic one(bad_network());
  Traffic two(bad_network());
  TrafficOptions options = bad_network();
  options.seed = 6;
  Traffic other(options);
  Frame frame;
  std::string bytes[3];
  Traffic* all[] = {&one, &two, &other};
  for (int i = 0; i < 3; ++i) {
    while (all[i]->next(frame)) bytes[i] += as_text(frame.bytes);
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_NE(bytes[0], bytes[2]);
}

TEST(Traffic, SipMessagesParse) {
  Traffic traffic(bad_network());
  Frame frame;
  sip::Message message;
  while (traffic.next(frame)) {
    const Decoded packet = decoded(frame);
    if (packet.destination.port != 5'060) continue;
    EXPECT_EQ(sip::parse(packet.payload, message), sip::ParseVerdict::kOk)
        << as_text(packet.payload);
  }
}

// The worker sees what was fed, and says no when the ring is full.
TEST(RingFeed, FeedsAWorker) {
  engine::Bench bench({.rings = {.chunk_count = 512,
                                 .chunk_slots = 512,
                                 .signal_slots = 1'024,
                                 .small_messages = 1'023,
                                 .large_messages = 7}});
  RingFeed feed(*bench.port_);
  Traffic traffic(bad_network());
  Frame frame;
  std::uint32_t full = 0;
  while (traffic.next(frame)) {
    while (!feed.put(frame)) {
      ++full;
      bench.worker_->step({frame.time_ns, frame.time_ns});
      while (SignalMessage* message = bench.rings_->pop_signal()) {
        engine::WorkerRings::release(message);
      }
    }
  }
  while (bench.worker_->step({frame.time_ns, frame.time_ns}) > 0) {
  }
  while (SignalMessage* message = bench.rings_->pop_signal()) {
    engine::WorkerRings::release(message);
  }
  EXPECT_GT(full, 0U);
  EXPECT_EQ(bench.class_sum(), traffic.truth().packets);
  EXPECT_EQ(bench.count(engine::PacketClass::kSip), traffic.truth().sip_messages);
}

TEST(InterfaceFeed, NamesAMissingInterface) {
  const Result<InterfaceFeed> feed = InterfaceFeed::open("no-such-port", 1);
  ASSERT_FALSE(feed.has_value());
  EXPECT_NE(feed.error().message.find("no-such-port"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::traffic
