#include "engine/capture/feeder.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include "engine/eal.h"
#include "engine/packet.h"
#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

// One EAL for the process.
void start_eal() {
  static Result<Eal> eal = Eal::start({.hugepages = HugepageUse::kNo, .memory_mib = 128});
  ASSERT_TRUE(eal) << eal.error().message;
}

struct Fed {
  PacketNote note;
  std::string bytes;
};

class FeederTest : public ::testing::Test {
 protected:
  void SetUp() override {
    start_eal();
    file_.pcap_header(0xa1b2c3d4, 101);
  }

  void TearDown() override { forget_feeder(); }

  void forget_feeder() {
    feeder_.reset();
    for (rte_ring* ring : rings_) ::rte_ring_free(ring);
    rings_.clear();
  }

  // An IPv4 and UDP packet of the flow, padded to `size`.
  static std::string udp(unsigned port, std::size_t size) {
    test::CaptureBytes out(true);
    out.u16(0x4500).u16(28).u32(0).u16(0x4011).u16(0).u32(0x0a000001).u32(0x0a000002);
    out.u16(port).u16(5'060).u32(0);
    std::string text(as_text(out.view()));
    text.resize(size, '.');
    return text;
  }

  void create(std::uint32_t ring_count, const FeederOptions& options) {
    std::vector<std::unique_ptr<CaptureReader>> readers;
    readers.push_back(std::move(*CaptureReader::open_memory(file_.view(), "t")));
    merge_ = std::make_unique<CaptureMerge>(std::move(readers));
    for (std::uint32_t i = 0; i < ring_count; ++i) {
      const std::string name = "feeder_test_" + std::to_string(i);
      rings_.push_back(::rte_ring_create(name.c_str(), 64, SOCKET_ID_ANY, RING_F_EXACT_SZ));
      ASSERT_NE(rings_.back(), nullptr);
    }
    auto feeder = Feeder::create(*merge_, rings_, options);
    ASSERT_TRUE(feeder) << feeder.error().message;
    feeder_ = std::move(*feeder);
  }

  std::vector<Fed> take(rte_ring* ring) {
    const int offset = *register_packet_note();
    std::vector<Fed> out;
    void* object = nullptr;
    while (::rte_ring_dequeue(ring, &object) == 0) {
      auto* packet = static_cast<rte_mbuf*>(object);
      EXPECT_EQ(packet->nb_segs, 1);
      EXPECT_EQ(packet->pkt_len, packet->data_len);
      out.push_back(
          {packet_note(packet, offset), {rte_pktmbuf_mtod(packet, const char*), packet->data_len}});
      ::rte_pktmbuf_free(packet);
    }
    return out;
  }

  test::CaptureBytes file_;
  std::unique_ptr<CaptureMerge> merge_;
  std::vector<rte_ring*> rings_;
  std::unique_ptr<Feeder> feeder_;
};

TEST_F(FeederTest, NotesTravelWithPackets) {
  file_.pcap_record(9, 1, udp(1, 60)).pcap_record(8, 0, udp(1, 3'000));
  file_.u32(10).u32(0).u32(28).u32(1'500).put_text(udp(1, 28));
  create(1, {.small_count = 63, .large_count = 7});
  const FeedRound round = feeder_->feed_round(64);
  EXPECT_EQ(round.packets, 3U);
  EXPECT_EQ(round.state, FeedState::kEnd);
  const std::vector<Fed> fed = take(rings_[0]);
  ASSERT_EQ(fed.size(), 3U);
  EXPECT_EQ(fed[0].note.time_ns, 9'000'001'000);
  EXPECT_EQ(fed[0].note.link_type, 101);
  EXPECT_EQ(fed[0].bytes, udp(1, 60));
  EXPECT_EQ(fed[1].note.order, 1U);
  EXPECT_EQ(fed[1].bytes, udp(1, 3'000));
  EXPECT_EQ(fed[2].note.original_length, 1'500U);
  EXPECT_EQ(feeder_->clock_ns(), 10'000'000'000);
}

TEST_F(FeederTest, AnUnknownLinkTypeIsNoWitnessOfTheTime) {
  file_ = test::CaptureBytes();
  file_.pcap_header(0xa1b2c3d4, 147).pcap_record(10, 0, udp(1, 60));
  create(1, {.small_count = 63, .large_count = 7});
  EXPECT_EQ(feeder_->feed_round(64).packets, 1U);
  EXPECT_EQ(feeder_->clock_ns(), 0);
  take(rings_[0]);
}

TEST_F(FeederTest, CutsWhatNoBufferHolds) {
  file_.pcap_record(1, 0, udp(1, 100'000)).pcap_record(2, 0, udp(1, kFeedBytesMax));
  create(1, {.small_count = 63, .large_count = 7});
  EXPECT_EQ(feeder_->feed_round(64).packets, 2U);
  const std::vector<Fed> fed = take(rings_[0]);
  EXPECT_EQ(fed[0].bytes, udp(1, 100'000).substr(0, kFeedBytesMax));
  EXPECT_EQ(fed[0].note.original_length, 100'000U);
  EXPECT_EQ(fed[1].bytes.size(), kFeedBytesMax);
  EXPECT_EQ(feeder_->packets_cut(), 1U);
}

TEST_F(FeederTest, AFullRingOrPoolLosesNothing) {
  for (unsigned i = 0; i < 200; ++i) file_.pcap_record(i, 0, udp(1, i % 50 == 0 ? 4'000 : 60));
  // All fewer than the ring's 64.
  create(1, {.small_count = 31, .large_count = 3});
  std::vector<Fed> all;
  FeedRound round;
  std::uint32_t blocked = 0;
  do {
    round = feeder_->feed_round(1'000);
    if (round.state == FeedState::kBlocked) ++blocked;
    for (Fed& fed : take(rings_[0])) all.push_back(std::move(fed));
    ASSERT_LT(blocked, 200U);
  } while (round.state != FeedState::kEnd);
  EXPECT_GT(blocked, 3U);
  ASSERT_EQ(all.size(), 200U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].note.order, i);
    EXPECT_EQ(all[i].note.time_ns, static_cast<std::int64_t>(i) * 1'000'000'000);
  }
}

TEST_F(FeederTest, RoundsHoldTheSamePacketsForAnyNumberOfRings) {
  for (unsigned i = 0; i < 150; ++i) file_.pcap_record(i, 0, udp(10'000 + i % 11, 60));
  create(4, {.small_count = 255, .large_count = 3});
  std::uint64_t before = 0;
  std::uint32_t rings_used = 0;
  for (FeedRound round; round.state != FeedState::kEnd;) {
    round = feeder_->feed_round(40);
    std::uint64_t taken = 0;
    for (rte_ring* ring : rings_) {
      const std::vector<Fed> fed = take(ring);
      rings_used += fed.empty() ? 0 : 1;
      taken += fed.size();
      for (const Fed& packet : fed) {
        EXPECT_GE(packet.note.order, before);
        EXPECT_LT(packet.note.order, before + 40);
      }
    }
    EXPECT_EQ(taken, round.packets);
    before += 40;
  }
  EXPECT_EQ(feeder_->packets_fed(), 150U);
  EXPECT_GT(rings_used, 4U);
}

// What follows from a message must hold for the packet after it.
TEST_F(FeederTest, ARoundEndsAfterSignallingAndBeforeTheLimit) {
  const auto sip = [](unsigned port) {
    std::string packet = udp(port, 60);
    packet[3] = 60;   // IP length
    packet[25] = 40;  // UDP length
    packet.replace(28, 9, "OPTIONS s");
    return packet;
  };
  file_.pcap_record(1, 0, udp(1, 60)).pcap_record(1, 1, sip(2)).pcap_record(1, 2, udp(3, 60));
  file_.pcap_record(3, 0, udp(4, 60));
  create(1, {.small_count = 63, .large_count = 7, .sip_ports = {5'060}});
  EXPECT_EQ(feeder_->feed_round(64, 2'000'000'000).packets, 2U);
  FeedRound round = feeder_->feed_round(64, 2'000'000'000);
  EXPECT_EQ(round.packets, 1U);
  EXPECT_EQ(round.state, FeedState::kAhead);
  round = feeder_->feed_round(64, 2'500'000'000);
  EXPECT_EQ(round.packets, 0U);
  EXPECT_EQ(feeder_->clock_ns(), 1'000'002'000);
  EXPECT_EQ(feeder_->feed_round(64, 3'000'000'000).packets, 1U);
  EXPECT_EQ(take(rings_[0]).size(), 4U);
}

}  // namespace
}  // namespace tapdeck::engine
